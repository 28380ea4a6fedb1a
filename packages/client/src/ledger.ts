import { type Ack, ExportError, type Signal, signals } from "@otlpkit/core";
import type { Events } from "./events.ts";

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
 * | `closed` | it came after `close` |
 * | `cancelled` | whoever called `send` gave up |
 */
export type DropReason = "full" | "undelivered" | "too-large" | "invalid" | "closed" | "cancelled";

/** Keeps account of the items of one signal, and tells who listens. */
export interface Ledger {
  /** Items came in. */
  accept(items: number): void;
  /** Items, accepted before, were answered or given up; `sent` says whether they had left the house. */
  settle(items: number, result: Ack | ExportError, sent: boolean): void;
  /** An item came in and was given up at once. */
  refuse(reason: DropReason, error: ExportError): void;
  /** From now on what is cancelled counts as left: `close` ran out of time. */
  leave(): void;
  readonly pending: number;
  counters(): Counters;
}

export function ledger(signal: Signal, events: Events): Ledger {
  let accepted = 0;
  let delivered = 0;
  let rejected = 0;
  let left = 0;
  let pending = 0;
  let leaving = false;
  const dropped: Partial<Record<DropReason, number>> = {};

  function drop(items: number, reason: DropReason, error: ExportError): void {
    dropped[reason] = (dropped[reason] ?? 0) + items;
    events.emit("dropped", { signal, items, reason, error });
  }

  function reject(items: number, reason: string): void {
    rejected += items;
    events.emit("rejected", { signal, items, reason });
  }

  return {
    accept(items) {
      accepted += items;
      pending += items;
    },
    settle(items, result, sent) {
      pending -= items;
      if (!ExportError.is(result)) {
        const refused = Math.min(items, result.rejectedItems);
        delivered += items - refused;
        if (items > refused) {
          events.emit("delivered", { signal, items: items - refused, warning: refused === 0 ? result.message : "" });
        }
        if (refused > 0) reject(refused, result.message);
        return;
      }
      const reason = reasonOf(result, sent);
      if (leaving && (reason === "cancelled" || reason === "closed")) {
        left += items;
      } else if (reason === "rejected") {
        reject(items, result.message);
      } else {
        drop(items, reason, result);
      }
    },
    refuse(reason, error) {
      accepted++;
      drop(1, reason, error);
    },
    leave() {
      leaving = true;
    },
    get pending() {
      return pending;
    },
    counters: () => ({ accepted, delivered, rejected, dropped: { ...dropped }, left, pending }),
  };
}

/** What an error means for the items: "rejected" if the far side refused them for good. */
function reasonOf({ code, retryable }: ExportError, sent: boolean): DropReason | "rejected" {
  if (code === "cancelled" || code === "closed") return code;
  if (!sent) return code === "too-large" ? "too-large" : code === "overloaded" ? "full" : "undelivered";
  return retryable ? "undelivered" : "rejected";
}

/** Says that an item was not taken, and why. */
export function notRecorded(signal: Signal, code: "closed" | "overloaded", why: string): ExportError {
  return new ExportError(code, `cannot record 1 ${signals[signal].items}: ${why}`, { retryable: false });
}
