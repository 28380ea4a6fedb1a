import {
  type Ack,
  accepted,
  type Batch,
  ExportError,
  type Middleware,
  type Sender,
  type SendOptions,
} from "@otlpkit/core";
import type { Signal } from "@otlpkit/core";
import { canMerge } from "@otlpkit/otlp/batches";
import { admission, closed } from "./admission.ts";
import { Call, givenUp } from "./call.ts";
import { cut, tooLargeToSend } from "./cut.ts";
import { type Lane, lane } from "./lane.ts";
import { type BatchOptions, settle, type Settings } from "./options.ts";
import { type Request, request } from "./request.ts";

/**
 * Merges small requests into larger ones, by items, bytes and age, splits those that are too large, and bounds what is
 * held and under way.
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
 * - Beyond the byte budget it does what `whenFull` says. Requests without items are accepted and not sent (N1-03).
 * - `close` sends what is held and waits for the answers. After `closeGraceMs` it sets the limit of concurrency aside
 *   and closes `next` meanwhile, so that a stage behind this one stops waiting for better times.
 */
export function batch(options: BatchOptions = {}): Middleware {
  return batcher(options).stage;
}

/** A batching stage with a handle. */
export interface Batcher {
  /** See {@link batch}. */
  readonly stage: Middleware;
  /**
   * Sends what is held now, and resolves when everything that was held or under way is answered. What comes later does not
   * prolong it. Never rejects: each `send` gets its own answer.
   */
  flush(): Promise<void>;
}

/** Like {@link batch}, for those who must be able to say "now". */
export function batcher(options: BatchOptions = {}): Batcher {
  const settings = settle(options);
  const senders: FlushableSender[] = [];
  return {
    stage(next) {
      const sender = batching(settings, next);
      senders.push(sender);
      return sender;
    },
    flush: async () => void (await Promise.all(senders.map((sender) => sender.flush()))),
  };
}

interface FlushableSender extends Sender {
  flush(): Promise<void>;
}

function batching(settings: Settings, next: Sender): FlushableSender {
  const { maxItems, sendItems, maxBytes, maxAgeMs, maxConcurrent, prompt, onAnswer, setTimer } = settings;
  /** Requests that still take more, by what may be merged into them. */
  const open = new Map<string, { readonly request: Request; readonly cancelTimer: () => void }>();
  const lanes = new Map<Signal, Lane>();
  /** Sends without an answer, the oldest first. */
  const calls = new Set<Call>();
  const door = admission(settings, dropOldest);
  let closing: Promise<void> | undefined;

  async function send(whole: Batch, options: SendOptions): Promise<Ack> {
    if (whole.items === 0 && canMerge(whole, whole)) return accepted;
    try {
      checkWanted(whole, options);
      const turn = door.enter(whole, options);
      // Nothing may come between when there is room: whoever closes in the same moment must find it here.
      if (turn !== undefined) {
        await turn;
        stillWanted(whole, options);
      }
    } catch (error) {
      const result = ExportError.from(error);
      onAnswer({ batch: whole, callers: 1, result, sent: false });
      throw result;
    }
    return canMerge(whole, whole) ? enter(whole, options) : handOn(whole, options);
  }

  function checkWanted(whole: Batch, { signal }: SendOptions): void {
    if (closing) throw closed(whole);
    if (signal?.aborted) throw givenUp(whole.signal);
  }

  /** Things may have changed in the moment between getting a place and taking it. */
  function stillWanted(whole: Batch, options: SendOptions): void {
    try {
      checkWanted(whole, options);
    } catch (error) {
      door.leave(whole.body.byteLength);
      throw error;
    }
  }

  /** What can neither be merged nor cut. */
  async function handOn(whole: Batch, options: SendOptions): Promise<Ack> {
    let result: Ack | ExportError;
    try {
      result = await next.send(whole, options);
    } catch (error) {
      result = ExportError.from(error, `cannot send ${whole.signal}`);
    } finally {
      door.leave(whole.body.byteLength);
    }
    onAnswer({ batch: whole, callers: 1, result, sent: true });
    if (ExportError.is(result)) throw result;
    return result;
  }

  function enter(whole: Batch, options: SendOptions): Promise<Ack> {
    const owner = new Call(whole, options, settings, () => {
      calls.delete(owner);
      door.leave(whole.body.byteLength);
    });
    calls.add(owner);
    const { pieces, tooLarge } = piecesOf(whole, owner);
    for (const item of tooLarge) {
      const result = tooLargeToSend(item, maxBytes);
      owner.note({ items: item.items, result, unsent: true });
      onAnswer({ batch: item, callers: 1, result, sent: false });
    }
    const key = groupKey(whole);
    for (const piece of pieces) place(piece, key, owner);
    owner.complete();
    return owner.answer;
  }

  function piecesOf(whole: Batch, owner: Call): ReturnType<typeof cut> {
    try {
      return cut(whole, settings);
    } catch (error) {
      const result = ExportError.from(error, `cannot send ${whole.signal}`);
      owner.note({ items: whole.items, result });
      onAnswer({ batch: whole, callers: 1, result, sent: false });
      return { pieces: [], tooLarge: [] };
    }
  }

  /** Puts a piece into the open request of its group, or begins another, and sends what is full. */
  function place(piece: Batch, key: string, owner: Call): void {
    const held = open.get(key)?.request;
    const fits = held && held.items + piece.items <= maxItems && held.bytes + piece.body.byteLength <= maxBytes;
    if (held && !fits) go(held);
    const target = held && fits ? held : begin(key, piece.signal);
    target.add({ batch: piece, call: owner });
    owner.goesInto(target);
    const ofSignal = laneOf(piece.signal);
    if (target.items >= sendItems || target.bytes >= maxBytes) go(target);
    // It goes if it is its turn. Until then it takes more.
    else if (maxAgeMs === 0 || (prompt && ofSignal.quiet)) ofSignal.ready(target);
  }

  function begin(key: string, signal: Signal): Request {
    const fresh = request(key, signal, settings);
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
    return ready.send(next);
  }

  function dropOldest(error: ExportError): boolean {
    for (const call of calls) {
      if (!call.held) continue;
      call.leave(error);
      return true;
    }
    return false;
  }

  async function flush(): Promise<void> {
    for (const { request: held } of open.values()) go(held);
    await Promise.allSettled([...calls].map((call) => call.answer));
  }

  async function close(): Promise<void> {
    door.close();
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

  return { send, flush, close: () => (closing ??= close()) };
}

/** What may be merged has equal keys. */
function groupKey({ signal, headers }: Batch): string {
  const names = Object.keys(headers);
  return names.length === 0
    ? signal
    : `${signal} ${JSON.stringify(names.toSorted().map((name) => [name, headers[name]]))}`;
}
