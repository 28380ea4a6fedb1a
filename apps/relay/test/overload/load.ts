import { ExportError, type Sender } from "@otlpkit/core";
import { type Ledger, seeded } from "@otlpkit/testkit";

/** How much to send, and to whom. */
export interface LoadOptions {
  /** Takes one attempt at a time. */
  readonly sender: Sender;
  readonly perSecond: number;
  /** Spans in each request, of half a kilobyte. */
  readonly items: number;
  readonly seconds: number;
  /** Who is refused comes back for so long, and then gives up, as senders with a bounded queue do. */
  readonly patienceSeconds: number;
  /** Sent along as `x-tenant`. */
  readonly tenant?: string;
  readonly seed: number;
  readonly book: Ledger;
}

/** What became of it. */
export interface LoadOutcome {
  readonly batches: number;
  readonly delivered: number;
  /** Attempts that were told to come back. */
  readonly refusals: number;
  /** How the first few of these were put. */
  readonly reasons: readonly string[];
  /** Of these, those that were not told when. */
  readonly withoutDelay: number;
  /** Refused until the end of their patience. */
  readonly gaveUp: number;
  /** Anything but success and refusals. */
  readonly failures: readonly string[];
  /** From the first attempt to success, in ms, in order of size. */
  readonly latencies: readonly number[];
}

/** Sends at a steady rate, whatever becomes of it; who is refused comes back when it was told to. */
export async function load(options: LoadOptions): Promise<LoadOutcome> {
  const { book, items, patienceSeconds, perSecond, seconds, sender, tenant } = options;
  const data = seeded(options.seed);
  const startMs = performance.now();
  const latencies: number[] = [];
  const failures: string[] = [];
  const reasons: string[] = [];
  let [batches, refusals, withoutDelay, gaveUp] = [0, 0, 0, 0];

  async function deliver(): Promise<void> {
    const plain = data.traces({ items, resources: 1, scopes: 1 });
    const batch = tenant === undefined ? plain : { ...plain, headers: { "x-tenant": tenant } };
    const sentMs = performance.now();
    batches++;
    book.sent(batch);
    for (;;) {
      try {
        const ack = await sender.send(batch, {});
        latencies.push(performance.now() - sentMs);
        book.acknowledged(batch, ack);
        return;
      } catch (thrown) {
        const error = ExportError.from(thrown);
        if (!error.retryable) {
          failures.push(`${error.code}: ${error.message}`);
          return;
        }
        refusals++;
        if (reasons.length < 5) reasons.push(error.message);
        if (error.retryAfterMs === 0) withoutDelay++;
        const delayMs = Math.max(error.retryAfterMs, 100);
        if (performance.now() + delayMs >= sentMs + patienceSeconds * 1000) {
          gaveUp++;
          return;
        }
        await sleep(delayMs);
      }
    }
  }

  const all: Promise<void>[] = [];
  while (performance.now() < startMs + seconds * 1000) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond);
    while (all.length < due) all.push(deliver());
    await sleep(5);
  }
  await Promise.all(all);
  const delivered = latencies.length;
  return {
    reasons,
    batches,
    delivered,
    refusals,
    withoutDelay,
    gaveUp,
    failures,
    latencies: latencies.toSorted((a, b) => a - b),
  };
}

/** The value that so much of them (from 0 to 1) do not exceed. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
