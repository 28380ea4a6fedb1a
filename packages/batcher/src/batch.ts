import {
  type Ack,
  accepted,
  type Batch,
  ExportError,
  type Middleware,
  type Sender,
  type SendOptions,
  type Signal,
} from "@otlpkit/core";
import { canMerge } from "@otlpkit/otlp";
import { Call } from "./call.ts";
import { cut, tooLargeToSend } from "./cut.ts";
import { drainRate } from "./drain-rate.ts";
import { type Lane, lane } from "./lane.ts";
import { type BatchOptions, settle, type Settings } from "./options.ts";
import { type Request, request } from "./request.ts";

/**
 * Merges small requests into larger ones, by items, bytes and age, and splits those that are too large.
 *
 * - Only what belongs together is merged: one signal, equal onward headers. Profiles (M-36), and bodies that are
 *   compressed or not protobuf, pass straight through. Nothing is copied until it is merged (H-06).
 * - `send` resolves with the answer for the requests that its items went into, so an acknowledgement still means what
 *   it meant. Of a merged request that was accepted in part nobody can say whose items were refused: its callers get
 *   a warning, and `onAnswer` the count.
 * - An item too large for any request is rejected, alone (N1-06). When a batch was split and some pieces fail, see
 *   `combined`: a retryable error makes the whole retryable, and pieces that had arrived may then arrive twice.
 * - A merged request has the latest deadline of its callers. One whose own deadline passes earlier gets "timeout"; what
 *   is not yet sent of it is left out, what is goes on.
 * - Beyond the byte budget `send` throws "overloaded". Requests without items are accepted and not sent (N1-03).
 * - `close` sends what is held and waits for the answers. After `closeGraceMs` it sets the limit of concurrency aside
 *   and closes `next` meanwhile, so that a stage behind this one stops waiting for better times.
 */
export function batch(options: BatchOptions = {}): Middleware {
  const settings = settle(options);
  return (next) => batching(settings, next);
}

function batching(settings: Settings, next: Sender): Sender {
  const { budget, maxItems, sendItems, maxBytes, maxAgeMs, maxConcurrent, onAnswer, setTimer } = settings;
  /** Requests that still take more, by what may be merged into them. */
  const open = new Map<string, { readonly request: Request; readonly cancelTimer: () => void }>();
  const lanes = new Map<Signal, Lane>();
  const drain = drainRate(settings.now);
  let closing: Promise<void> | undefined;

  async function send(whole: Batch, options: SendOptions): Promise<Ack> {
    if (closing) throw new ExportError("closed", `cannot send ${whole.signal}: the batcher is closed`);
    if (!canMerge(whole, whole)) return next.send(whole, options);
    if (whole.items === 0) return accepted;
    if (options.signal?.aborted) throw new ExportError("cancelled", `sending ${whole.signal} was cancelled`);
    admit(whole);
    return enter(whole, options);
  }

  /** Takes the bytes out of the budget, or refuses early and kindly. */
  function admit({ signal, body: { byteLength } }: Batch): void {
    if (budget.reserve(byteLength)) return drain.taken(byteLength);
    const what = `cannot hold ${byteLength} bytes of ${signal}`;
    if (byteLength > budget.maxBytes) throw new ExportError("too-large", `${what}: the limit is ${budget.maxBytes}`);
    const retryAfterMs = drain.msFor(byteLength);
    const held = `${budget.usedBytes} of ${budget.maxBytes} bytes are waiting for answers`;
    throw new ExportError("overloaded", `${what}: ${held}; send later or raise the limit`, { retryAfterMs });
  }

  function enter(whole: Batch, options: SendOptions): Promise<Ack> {
    const bytes = whole.body.byteLength;
    const owner = new Call(whole.signal, options, settings, () => {
      budget.release(bytes);
      drain.answered(bytes);
    });
    try {
      const { pieces, tooLarge } = cut(whole, settings);
      for (const item of tooLarge) {
        const result = tooLargeToSend(item, maxBytes);
        owner.note({ items: item.items, result, unsent: true });
        onAnswer({ batch: item, callers: 1, result });
      }
      const key = groupKey(whole);
      for (const piece of pieces) place(piece, key, owner);
    } catch (error) {
      owner.note({ items: whole.items, result: ExportError.from(error, `cannot send ${whole.signal}`) });
    }
    owner.complete();
    return owner.answer;
  }

  /** Puts a piece into the open request of its group, or begins another, and sends what is full. */
  function place(piece: Batch, key: string, owner: Call): void {
    const held = open.get(key)?.request;
    const fits = held && held.items + piece.items <= maxItems && held.bytes + piece.body.byteLength <= maxBytes;
    if (held && !fits) go(held);
    const target = held && fits ? held : begin(key, piece.signal);
    target.add({ batch: piece, call: owner });
    owner.goesInto(target);
    if (target.items >= sendItems || target.bytes >= maxBytes || maxAgeMs === 0) go(target);
  }

  function begin(key: string, signal: Signal): Request {
    const fresh = request(key, signal);
    // At its age it goes, but takes more as long as it must wait for its turn.
    const cancelTimer = maxAgeMs > 0 ? setTimer(() => laneOf(signal).ready(fresh), maxAgeMs) : (): void => {};
    open.set(key, { request: fresh, cancelTimer });
    return fresh;
  }

  /** Nothing more is added to this request, and it is sent when it is its turn. */
  function go(full: Request): void {
    shut(full);
    laneOf(full.signal).ready(full);
  }

  function shut(full: Request): void {
    const held = open.get(full.key);
    if (held?.request !== full) return;
    held.cancelTimer();
    open.delete(full.key);
  }

  function laneOf(signal: Signal): Lane {
    const found = lanes.get(signal) ?? lane(maxConcurrent, start);
    lanes.set(signal, found);
    return found;
  }

  function start(ready: Request): Promise<void> {
    shut(ready);
    return ready.send(next, onAnswer);
  }

  async function close(): Promise<void> {
    for (const { request: held } of open.values()) go(held);
    const answered = Promise.all([...lanes.values()].map((each) => each.idle()));
    await withinGrace(answered);
    for (const each of lanes.values()) each.open();
    await Promise.all([next.close(), answered]);
  }

  /** Resolves with `answered`, or when the time of grace is over. */
  function withinGrace(answered: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancelTimer = setTimer(resolve, settings.closeGraceMs);
      void answered.then(() => {
        cancelTimer();
        resolve();
      });
    });
  }

  return { send, close: () => (closing ??= close()) };
}

/** What may be merged has equal keys. */
function groupKey({ signal, headers }: Batch): string {
  const names = Object.keys(headers);
  return names.length === 0
    ? signal
    : `${signal} ${JSON.stringify(names.toSorted().map((name) => [name, headers[name]]))}`;
}
