import type { ExportErrorCode } from "@otlpkit/core";

/** What became of the items so far. */
export interface Tally {
  readonly sent: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Neither accepted nor rejected: nobody answered for them, or the answer was an error. */
  readonly lost: number;
  readonly requests: number;
  /** How often each error came. */
  readonly errors: Readonly<Partial<Record<ExportErrorCode, number>>>;
  /** Milliseconds until the answer, at a share of all answers: `latencyMs(0.99)`. */
  latencyMs(share: number): number;
}

/** Counts outcomes. Latencies fall into buckets that grow by a tenth, so memory does not grow with the run. */
export interface TallyBook extends Tally {
  count(outcome: { accepted?: number; rejected?: number; lost?: number; error?: ExportErrorCode; ms: number }): void;
}

const growth = Math.log(1.1);

export function tallyBook(): TallyBook {
  const buckets: number[] = [];
  const errors: Partial<Record<ExportErrorCode, number>> = {};
  const book = {
    sent: 0,
    accepted: 0,
    rejected: 0,
    lost: 0,
    requests: 0,
    errors,
    count({ accepted = 0, rejected = 0, lost = 0, error, ms }: Parameters<TallyBook["count"]>[0]): void {
      book.accepted += accepted;
      book.rejected += rejected;
      book.lost += lost;
      book.sent += accepted + rejected + lost;
      book.requests++;
      if (error) errors[error] = (errors[error] ?? 0) + 1;
      const bucket = Math.max(0, Math.ceil(Math.log(Math.max(ms, 0.1) / 0.1) / growth));
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    },
    latencyMs(share: number): number {
      let left = book.requests * share;
      for (const [bucket, count] of buckets.entries()) {
        left -= count ?? 0;
        if (left <= 0) return 0.1 * Math.exp(bucket * growth);
      }
      return 0;
    },
  };
  return book;
}
