import { type Ack, accepted, type Batch, ExportError, type Sender, type SendOptions, type Signal } from "@otlpkit/core";
import { canMerge } from "@otlpkit/otlp/batches";
import { Call, type Era, type Owner } from "./call.ts";
import { door } from "./door.ts";
import { type Lane, lane } from "./lane.ts";
import { type BatchOptions, settle, type Settings } from "./options.ts";
import { type Request, request } from "./request.ts";
import { type Split, split } from "./split.ts";

/** A sender that holds what it is given until it goes down with others. */
export interface Batcher extends Sender {
  /**
   * Sends what is held now, and resolves when all that was given to `send` before is answered and told to `onAnswer`, what
   * waits for room or is under way included. What comes later does not prolong it. Never rejects: each `send` has its own
   * answer. It takes as long as the sends may; who has less time does not wait for the end.
   */
  flush(): Promise<void>;
}

/**
 * Merges small requests into larger ones, by items, bytes and age, splits those that are too large, and bounds what is held
 * and under way.
 *
 * - Only what belongs together is merged: one signal, one tenant, equal onward headers. Profiles (M-36), and bodies that are
 *   compressed or not protobuf, go alone and as they are, when it is their turn. Nothing is copied until it is merged
 *   (H-06).
 * - `send` resolves with the answer for the requests that its items went into, so an acknowledgement still means what
 *   it meant. Of a merged request that was accepted in part nobody can say whose items were refused: its callers get
 *   a warning, and `onAnswer` the count.
 * - An item too large for any request is rejected, alone (N1-06). When a batch was split and some pieces fail, see
 *   `split`: a retryable error makes the whole retryable, and pieces that had arrived may then arrive twice.
 * - A merged request has the latest deadline of its callers. One whose own deadline passes earlier gets "timeout"; what
 *   is not yet sent of it is left out, what is goes on.
 * - Beyond the byte budget it does what `whenFull` says. Requests without items are accepted and not sent (N1-03).
 * - `close` sends what is held and waits for the answers. After `closeGraceMs` it sends away who still waits for room, sets
 *   the limit of concurrency aside and closes `next` meanwhile, so that a stage behind this one stops waiting for better
 *   times.
 *
 * @throws RangeError for an option that makes no sense.
 */
export function batch(options: BatchOptions = {}): (next: Sender) => Batcher {
  const settings = settle(options);
  return (next) => batching(settings, next, split);
}

/**
 * Like {@link batch}, but batches stay whole: one above `maxItems` goes alone, one above `maxBytes` fails with "too-large".
 * For web pages, where who makes the batches keeps to the limits: it has two thirds of the size, since it brings nothing that
 * reads protobuf.
 */
export function batchWhole(options: BatchOptions = {}): (next: Sender) => Batcher {
  const settings = settle(options);
  return (next) => batching(settings, next);
}

function batching(settings: Settings, next: Sender, split?: Split): Batcher {
  const { maxItems, sendItems, maxBytes, maxAgeMs, maxConcurrent, prompt, setTimer } = settings;
  /** Requests that still take more, by what may be merged into them. */
  const open = new Map<string, { readonly request: Request; readonly cancelTimer: () => void }>();
  const lanes = new Map<Signal, Lane>();
  const entrance = door(settings, place);
  const owner: Owner = { ...settings, done };
  /** Calls since the last flush, and the promise of those before. */
  let era: Era = { calls: 0, whenOver: nothing };
  let earlier: Promise<void> = Promise.resolve();
  let closing: Promise<void> | undefined;

  function send(batch: Batch, { deadline = Infinity, signal }: SendOptions): Promise<Ack> {
    if (batch.items === 0 && canMerge(batch, batch)) return Promise.resolve(accepted);
    const call = new Call(batch, deadline, era, owner);
    if (signal || deadline < Infinity) call.watch(signal);
    if (call.gone) call.refuse(call.gone);
    else if (closing) call.refuse(closed(call));
    else entrance.enter(call);
    return call.answer;
  }

  function done(call: Call): void {
    entrance.leave(call);
    if (--call.era.calls === 0) call.era.whenOver();
  }

  /** Puts what has come in where it goes down. */
  function place(call: Call): void {
    const { batch } = call;
    if (!canMerge(batch, batch)) {
      const alone = request("", batch.signal, settings);
      put(call, alone);
      laneOf(batch.signal).ready(alone);
    } else if (split && (batch.items > maxItems || batch.body.byteLength > maxBytes)) {
      split(call, settings, join);
    } else {
      join(call);
    }
  }

  /** Puts a call into the open request of its group, or begins another, and sends what is full. */
  function join(call: Call): void {
    const { batch } = call;
    const { items, signal, body } = batch;
    if (body.byteLength > maxBytes) return call.refuse(tooLarge(call, maxBytes));
    const key = groupKey(batch);
    const held = open.get(key)?.request;
    const fits = held && held.items + items <= maxItems && held.bytes + body.byteLength <= maxBytes;
    if (held && !fits) go(held);
    const target = held && fits ? held : begin(key, signal);
    put(call, target);
    const ofSignal = laneOf(signal);
    if (target.items >= sendItems || target.bytes >= maxBytes) go(target);
    // It goes if it is its turn, and takes more until then. What has waited for room since before a flush is in a hurry too.
    else if (maxAgeMs === 0 || call.era !== era || (prompt && ofSignal.idle)) ofSignal.ready(target);
  }

  function put(call: Call, target: Request): void {
    target.add(call);
    entrance.hold(call);
  }

  function begin(key: string, signal: Signal): Request {
    const fresh = request(key, signal, settings);
    // At its age it goes, but takes more as long as it must wait for its turn.
    const cancelTimer = maxAgeMs > 0 ? setTimer(() => laneOf(signal).ready(fresh), maxAgeMs) : nothing;
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
    const found = lanes.get(signal) ?? lane(maxConcurrent, start, () => prompt && hurry(signal));
    lanes.set(signal, found);
    return found;
  }

  function start(ready: Request): Promise<void> {
    shut(ready);
    for (const call of ready.calls) entrance.begun(call);
    return ready.send(next);
  }

  function hurry(signal: Signal): void {
    for (const { request: held } of open.values()) if (held.signal === signal) laneOf(signal).ready(held);
  }

  async function flush(): Promise<void> {
    const past = era;
    era = { calls: 0, whenOver: nothing };
    for (const { request: held } of open.values()) go(held);
    const over = past.calls > 0 && new Promise<void>((resolve) => (past.whenOver = resolve));
    earlier = Promise.all([earlier, over]).then(nothing);
    await earlier;
  }

  async function close(): Promise<void> {
    const answered = flush();
    await withinGrace(answered);
    entrance.close(closed);
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
function groupKey({ signal, headers, tenant }: Batch): string {
  const names = Object.keys(headers);
  if (names.length === 0 && tenant === undefined) return signal;
  return `${signal} ${JSON.stringify([tenant, ...names.toSorted().map((name) => [name, headers[name]])])}`;
}

function tooLarge({ batch: { signal, items, body } }: Call, maxBytes: number): ExportError {
  const what = `a batch of ${items} in ${body.byteLength} bytes is larger than a request may be (${maxBytes})`;
  return new ExportError("too-large", `cannot send ${signal}: ${what}`);
}

function closed({ batch }: Call): ExportError {
  return new ExportError("closed", `cannot send ${batch.signal}: the batcher is closed`);
}

function nothing(): void {}
