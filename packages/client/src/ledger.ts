import type { ExportError, Signal } from "@otlpkit/core";

/** What became of the items of one signal since the client was made. */
export interface Counters {
  /** Items given to `record…` and `send`. */
  readonly accepted: number;
  /** Items that the far side has taken. */
  readonly delivered: number;
  /** Items that the far side refused for good, by a partial success or as a whole. */
  readonly rejected: number;
  /** Items that were given up, by reason: see {@link DropReason}. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Items that had no answer when `close` ran out of time. */
  readonly left: number;
  /** Items held or under way now. */
  readonly pending: number;
}

/**
 * Why items were given up.
 *
 * | reason | meaning |
 * |---|---|
 * | `full` | there was no room in the buffer; the policy chose them |
 * | `undelivered` | the far side could not be reached, or kept asking to come back later, until the time for it was over |
 * | `too-large` | a single item is larger than a request may be |
 * | `invalid` | it could not be encoded |
 * | `closed` | recorded after `close` |
 * | `cancelled` | whoever called `send` gave up |
 */
export type DropReason = "full" | "undelivered" | "too-large" | "invalid" | "closed" | "cancelled";

/** What a client tells, by the name of the event. */
export interface ClientEvents {
  /** The far side took items. `warning` is what it had to say about them, mostly "". */
  readonly delivered: { readonly signal: Signal; readonly items: number; readonly warning: string };
  /** The far side refused items for good. They are not sent again. */
  readonly rejected: { readonly signal: Signal; readonly items: number; readonly reason: string };
  /** Items were given up. */
  readonly dropped: {
    readonly signal: Signal;
    readonly items: number;
    readonly reason: DropReason;
    /** What happened in words, and the error it is taken from. */
    readonly error: ExportError;
  };
  /** An attempt failed, and there will be another after `delayMs`. */
  readonly retrying: {
    readonly signal: Signal;
    readonly items: number;
    readonly attempt: number;
    readonly delayMs: number;
    readonly error: ExportError;
  };
  /** The far side asked to be left alone for so long; nothing of this signal is sent to it meanwhile. */
  readonly throttled: { readonly signal: Signal; readonly delayMs: number };
}
