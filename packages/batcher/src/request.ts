import { type Ack, accepted, type Batch, ExportError, type Sender, type Signal } from "@otlpkit/core";
import { merge } from "@otlpkit/otlp/batches";
import type { BufferPool } from "./buffer-pool.ts";
import type { Call, Leavable } from "./call.ts";
import { shared } from "./outcome.ts";
import type { BatchAnswer } from "./options.ts";

/** A part of one caller's batch, small enough for one request. */
export interface Piece {
  readonly batch: Batch;
  readonly call: Call;
}

/** Pieces that go down together: a request in the making. */
export interface Request extends Leavable {
  /** What may be added to it has the same. */
  readonly key: string;
  readonly signal: Signal;
  readonly items: number;
  readonly bytes: number;
  add(piece: Piece): void;
  /**
   * A caller has gone. What is not yet sent of it is left out, since it has been told that it failed; what is sent goes
   * on as long as anybody waits for it.
   */
  callerGone(): void;
  /** Sends it and settles every piece. Never rejects. */
  send(next: Sender): Promise<void>;
}

export interface RequestSettings {
  readonly onAnswer: (answer: BatchAnswer) => void;
  readonly pool: BufferPool | undefined;
}

export function request(key: string, signal: Signal, { onAnswer, pool }: RequestSettings): Request {
  const controller = new AbortController();
  let begun = false;
  let pieces: Piece[] = [];
  let items = 0;
  let bytes = 0;

  return {
    key,
    signal,
    get begun() {
      return begun;
    },
    get items() {
      return items;
    },
    get bytes() {
      return bytes;
    },
    add(piece) {
      pieces.push(piece);
      items += piece.batch.items;
      bytes += piece.batch.body.byteLength;
    },
    callerGone() {
      const gone = pieces.filter((piece) => piece.call.gone !== undefined);
      if (begun) {
        if (gone.length === pieces.length) controller.abort(gone.at(-1)?.call.gone);
        return;
      }
      pieces = pieces.filter((piece) => piece.call.gone === undefined);
      for (const { batch, call } of gone) {
        items -= batch.items;
        bytes -= batch.body.byteLength;
        const result = call.gone as ExportError;
        onAnswer({ batch, callers: 1, result, sent: false });
        call.settle({ items: batch.items, result, unsent: true });
      }
    },
    async send(next) {
      begun = true;
      const calls = [...new Set(pieces.map((piece) => piece.call))];
      const batches = pieces.map((piece) => piece.batch);
      const [first] = batches;
      if (!first) return;
      let sent = first;
      let result: Ack | ExportError;
      try {
        // One piece goes as it is; only joining makes a copy (H-06).
        if (batches.length > 1) sent = merge(batches, pool && ((length) => pool.take(length)));
        // The latest deadline of all: as long as someone still waits there is a reason to go on.
        const deadline = Math.max(...calls.map((call) => call.deadlineMs));
        const options = { signal: controller.signal };
        result = await next.send(sent, deadline < Infinity ? { ...options, deadline } : options);
      } catch (error) {
        result = failureOf(error);
      }
      try {
        onAnswer({ batch: sent, callers: calls.length, result, sent: true });
      } finally {
        settle(result, calls.length);
        // After an error the memory may still be on its way into a socket that is being torn down.
        if (ExportError.is(result)) pool?.forget(sent.body);
        else pool?.give(sent.body);
      }
    },
  };

  /** Who broke it off knows why better than who was broken off. */
  function failureOf(error: unknown): ExportError {
    const failure = ExportError.from(error, `cannot send ${signal}`);
    const { aborted, reason } = controller.signal;
    return aborted && failure.code === "cancelled" ? (reason as ExportError) : failure;
  }

  function settle(result: Ack | ExportError, callers: number): void {
    const answerFor = ExportError.is(result) ? () => result : shared(result, items, callers);
    const answered = new Set<Call>();
    for (const { batch, call } of pieces) {
      // A count of rejected items is for the caller as a whole: two of its pieces in one request must not double it.
      const counted = callers === 1 && answered.has(call) && !ExportError.is(result);
      answered.add(call);
      call.settle({ items: batch.items, result: counted ? accepted : answerFor(batch.items) });
    }
  }
}
