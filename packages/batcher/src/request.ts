import { type Ack, type Batch, ExportError, type Sender, type Signal } from "@otlpkit/core";
import { merge } from "@otlpkit/otlp/batches";
import type { Call, Place } from "./call.ts";
import type { Settings } from "./options.ts";

/** Batches that go down together: a request in the making. */
export interface Request extends Place {
  /** What may be added to it has the same. */
  readonly key: string;
  readonly signal: Signal;
  readonly calls: ReadonlySet<Call>;
  readonly items: number;
  readonly bytes: number;
  add(call: Call): void;
  /** Sends it and settles every call. Never rejects. */
  send(next: Sender): Promise<void>;
}

export function request(key: string, signal: Signal, { onAnswer, pool }: Settings): Request {
  const calls = new Set<Call>();
  let items = 0;
  let bytes = 0;
  /** Under way; and how many callers still wait for the answer. */
  let abort: AbortController | undefined;
  let waiting = 0;

  async function send(next: Sender): Promise<void> {
    const batches = Array.from(calls, (call) => call.batch);
    const [first] = batches;
    if (!first) return;
    abort = new AbortController();
    waiting = batches.length;
    let whole: Batch;
    try {
      // One goes as it is; only joining makes a copy (H-06).
      whole = merge(batches, pool && ((length) => pool.take(length)));
    } catch (error) {
      // There is no memory for it.
      const failure = ExportError.from(error, `cannot merge ${signal}`);
      for (const call of calls) call.refuse(failure);
      return;
    }
    const result = await answerTo(whole, next, abort.signal);
    try {
      onAnswer({ batch: whole, callers: batches.length, result, sent: true });
    } finally {
      const answerFor = ExportError.is(result) ? () => result : shared(result, items, batches.length);
      for (const call of calls) call.settle(answerFor(call.batch.items));
      // After an error the memory may still be on its way into a socket that is being torn down.
      if (ExportError.is(result)) pool?.forget(whole.body);
      else pool?.give(whole.body);
    }
  }

  async function answerTo(whole: Batch, next: Sender, aborted: AbortSignal): Promise<Ack | ExportError> {
    try {
      // The latest deadline of all: as long as someone still waits there is a reason to go on.
      let deadline = 0;
      for (const call of calls) deadline = Math.max(deadline, call.deadlineMs);
      return await next.send(whole, deadline < Infinity ? { deadline, signal: aborted } : { signal: aborted });
    } catch (error) {
      const failure = ExportError.from(error, `cannot send ${signal}`);
      // Who broke it off knows why better than who was broken off.
      return aborted.aborted && failure.code === "cancelled" ? (aborted.reason as ExportError) : failure;
    }
  }

  return {
    key,
    signal,
    calls,
    get items() {
      return items;
    },
    get bytes() {
      return bytes;
    },
    add(call) {
      call.place = this;
      calls.add(call);
      items += call.batch.items;
      bytes += call.batch.body.byteLength;
    },
    left(call) {
      if (abort) {
        // What is under way goes on as long as anybody waits for it.
        if (--waiting === 0) abort.abort(call.gone);
        return;
      }
      calls.delete(call);
      items -= call.batch.items;
      bytes -= call.batch.body.byteLength;
      call.refuse(call.gone as ExportError);
    },
    send,
  };
}

/** The answer to a request, as each of its callers may understand it. */
function shared(ack: Ack, items: number, callers: number): (itemsOfCaller: number) => Ack {
  if (ack.rejectedItems === 0 || callers === 1) return () => ack;
  if (ack.rejectedItems >= items) return (own) => ({ rejectedItems: own, message: ack.message });
  // Nobody can say whose items were refused. To blame all would count them many times over, so it is a warning.
  const message = `${ack.rejectedItems} of ${items} items of a merged request were rejected: ${ack.message}`;
  return () => ({ rejectedItems: 0, message });
}
