/** How much of what was tried lately has failed. */
export interface FailureRatio {
  add(failed: boolean): void;
  forget(): void;
  /** Outcomes in the window. */
  readonly count: number;
  /** Which part of them failed. */
  readonly ratio: number;
}

/** The window moves in so many steps. */
const steps = 10;

/** Counts outcomes over a rolling window. */
export function failureRatio(windowMs: number, now: () => number): FailureRatio {
  const stepMs = windowMs / steps;
  let buckets: { readonly step: number; count: number; failures: number }[] = [];

  function recent(): typeof buckets {
    const oldest = Math.floor(now() / stepMs) - steps;
    while (buckets[0] !== undefined && buckets[0].step <= oldest) buckets.shift();
    return buckets;
  }

  const count = (): number => recent().reduce((sum, bucket) => sum + bucket.count, 0);
  return {
    add(failed) {
      const step = Math.floor(now() / stepMs);
      let bucket = recent().at(-1);
      if (bucket?.step !== step) {
        bucket = { step, count: 0, failures: 0 };
        buckets.push(bucket);
      }
      bucket.count++;
      if (failed) bucket.failures++;
    },
    forget() {
      buckets = [];
    },
    get count() {
      return count();
    },
    get ratio() {
      return recent().reduce((sum, bucket) => sum + bucket.failures, 0) / Math.max(1, count());
    },
  };
}
