import type { Batch } from "./batch.ts";
import type { Caller } from "./caller.ts";

/** How long, and until when it is wanted. */
export interface SendOptions {
  /**
   * The moment by which an answer must be there, in ms on the clock of `performance.now()`. Absent: no limit. It bounds
   * the whole way, retries included; each attempt gets what remains.
   */
  readonly deadline?: number;
  /** The caller no longer wants the answer. The send ends with code "cancelled"; it may have arrived all the same. */
  readonly signal?: AbortSignal;
  /** Who handed us the batch, as far as a receiver knows; for the audit. Lost where batches are merged or queued. */
  readonly caller?: Caller;
}

/** The answer of the far side: it has taken the batch, perhaps not all of it. */
export interface Ack {
  /** Items refused for good (partial success). They must not be sent again (G-01). */
  readonly rejectedItems: number;
  /** Why items were refused, or with `rejectedItems` 0 a warning about accepted data (G-04). Mostly empty. */
  readonly message: string;
}

/** Everything was taken. */
export const accepted: Ack = Object.freeze({ rejectedItems: 0, message: "" });

/**
 * Whatever can take a batch: a connection, a group of them, a batcher, a file, a whole pipeline, a fake in a test.
 *
 * Calls may overlap, and nothing is promised about the order in which overlapping batches arrive (H-08).
 */
export interface Sender {
  /** Resolves when the far side has answered for this batch; throws {@link ExportError} otherwise. */
  send(batch: Batch, options: SendOptions): Promise<Ack>;
  /** Delivers what is held, waits for what is under way, then lets go of timers and sockets. Safe to call twice. */
  close(): Promise<void>;
}
