import type { Batch, Middleware, Sender, Signal } from "@otlpkit/core";
import type { Amount, DropReason } from "./events.ts";
import type { DrainOptions } from "./options.ts";

/**
 * Batches on disk, between those who send and those who deliver. What `send` has answered survives crashes, power cuts,
 * full disks and restarts; it is delivered at least once to every consumer, or accounted for.
 */
export interface Queue extends Sender {
  /**
   * A stage that answers once the batch is safe and delivers behind it: `send` of the queue, and a {@link drain} to what
   * comes next. Its `close` closes the queue.
   */
  stage(options?: DrainOptions): Middleware;
  /**
   * Begins to deliver to `next`, which belongs to the queue from now on and is closed with it. A second consumer with
   * another name gets everything as well.
   *
   * @throws RangeError when the consumer has a drain already
   */
  drain(next: Sender, options?: DrainOptions): void;
  /**
   * Resolves when everything accepted before has been answered, dead-lettered or dropped, for all consumers that have a
   * drain; for as long as it takes, or until `signal` aborts (then it rejects with "cancelled").
   */
  flush(signal?: AbortSignal): Promise<void>;
  /**
   * Gives up a consumer that no longer exists, so that nothing is kept for it. What it had not got counts as dropped
   * ("removed").
   */
  forget(consumer: string): Promise<void>;
  /** What there is now. Cheap: nothing is read from disk. */
  facts(): QueueFacts;
  /** What was found when the queue was opened. */
  readonly recovered: Recovered;
  /**
   * Takes nothing any more, lets what is under way end within `closeGraceMs`, keeps the rest for the next start, and closes
   * the senders behind. Safe to call twice.
   */
  close(): Promise<void>;
}

/** What became of all that was accepted, since the queue was made. `accepted` is the sum of the others, always. */
export interface Books {
  readonly accepted: Amount;
  /** Without items that were rejected in a partial success; these are in `rejected`. */
  readonly delivered: Amount;
  /** Batches: those refused for good where no dead letters are kept. Items: these, and those of partial successes. */
  readonly rejected: Amount;
  readonly deadLettered: Amount;
  readonly dropped: Readonly<Record<DropReason, Amount>>;
  readonly queued: Amount;
}

/** One consumer, as it stands. */
export interface ConsumerFacts {
  readonly name: string;
  /** Whether it has a drain now. One that has none keeps everything from being deleted; see {@link Queue.forget}. */
  readonly draining: boolean;
  readonly books: Books;
  /** The books of each tenant; `undefined` for batches without one, and for damaged ones whose tenant is not legible. */
  readonly tenants: ReadonlyMap<string | undefined, Books>;
  readonly underWay: number;
  /** Batches that failed and wait for another attempt. */
  readonly waiting: number;
  /** Since the queue was opened: delivered though they had been begun before a crash, so that the destination may have them twice. */
  readonly repeated: Amount;
  /** Age of the oldest batch that it has not got, by the wall clock; 0 when there is none. */
  readonly oldestAgeMs: number;
}

/** The queue, as it stands. */
export interface QueueFacts {
  /** Bytes on disk, of `maxBytes`. Files go as a whole, so this is more than what waits. */
  readonly bytes: number;
  readonly maxBytes: number;
  readonly segments: number;
  /** Batches and items that at least one consumer has not got. */
  readonly queued: Amount;
  readonly oldestAgeMs: number;
  /** Whether the disk works, and if not, why. */
  readonly diskError: unknown;
  /** Bytes a second that consumers have got, as measured lately; 0 while nothing is known. */
  readonly drainBytesPerSecond: number;
  readonly consumers: readonly ConsumerFacts[];
  readonly deadLetters: Amount & { readonly bytes: number };
  /** Segments whose key is missing or wrong. They stay as they are, count towards `bytes`, and are looked at again at the next start. */
  readonly lockedOut: readonly string[];
  /** Syncs of data so far, and batches that they made safe; since the queue was opened. */
  readonly syncs: number;
  readonly synced: Amount;
}

/** What was found when a queue was opened. */
export interface Recovered {
  /** Batches that wait for at least one consumer. */
  readonly queued: Amount;
  /** Bytes after the last record of a segment that is no record: a write that a crash broke off. Never acknowledged. */
  readonly tornBytes: number;
  /** Damaged places found so far. Bodies are looked at when they are delivered, so more may be found later. */
  readonly damagedPlaces: number;
  /** Batches that were lost to damage, for the first time now. */
  readonly damaged: Amount;
  /** Batches that were under way when the process died, for each consumer: they will be delivered again. */
  readonly mayRepeat: Amount;
  /** Whether the records of progress were damaged, so that more may be repeated than was under way. */
  readonly progressDamaged: boolean;
  readonly tookMs: number;
}

/** One record, without its body. */
export interface RecordFacts {
  /** Its number in the queue: 1, 2, 3, … */
  readonly sequence: number;
  readonly signal: Signal;
  readonly tenant: string | undefined;
  readonly items: number;
  /** Bytes on disk, with everything that belongs to it. */
  readonly bytes: number;
  /** Ms since 1970, by the wall clock then. */
  readonly acceptedAtMs: number;
  readonly segment: string;
  readonly offset: number;
  readonly encrypted: boolean;
  /** So many small records before it, and after it, were sealed together with it: damage to one is damage to all. */
  readonly sealedBefore: number;
  readonly sealedAfter: number;
}

/** Why a dead letter is one. */
export interface Refusal {
  readonly consumer: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  /** Ms since 1970. */
  readonly atMs: number;
}

/** A record with its batch. */
export interface QueueRecord extends RecordFacts {
  readonly batch: Batch;
  /** Only of dead letters. */
  readonly refusal?: Refusal;
}
