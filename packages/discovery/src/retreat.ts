import type { Time } from "./time.ts";

/** How long to stay away from a source that fails. */
export interface RetreatOptions {
  /** Upper bound of the first wait. Default 100. */
  readonly initialDelayMs?: number;
  /** Upper bounds grow to this, doubling each time. Default 30,000. */
  readonly maxDelayMs?: number;
}

/** Waits between attempts, one after the other. */
export interface Retreat {
  /** The next wait: chosen at random from 0 to a bound that doubles (full jitter), and at least what the source asks. */
  next(askedMs?: number): number;
  /** All is well again: the next wait is short. */
  reset(): void;
}

/**
 * Full jitter: after a common source has failed, those who watch it come back spread over the whole time, and not in
 * waves.
 */
export function retreat(options: RetreatOptions, { random }: Time): Retreat {
  const { initialDelayMs = 100, maxDelayMs = 30_000 } = options;
  let boundMs = initialDelayMs;
  return {
    next(askedMs = 0) {
      const waitMs = Math.ceil(random() * boundMs);
      boundMs = Math.min(boundMs * 2, maxDelayMs);
      // A source that asks for a pause gets it, within reason: a wrong unit over there must not blind us for a day.
      return Math.max(waitMs, Math.min(askedMs, 300_000));
    },
    reset() {
      boundMs = initialDelayMs;
    },
  };
}
