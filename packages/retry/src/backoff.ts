/** How long to wait between attempts. */
export interface BackoffOptions {
  /** The first wait. Default 1,000, at least 1. */
  readonly initialDelayMs?: number;
  /** Waits grow up to this, jitter not counted. A destination may still ask for more. Default 30,000. */
  readonly maxDelayMs?: number;
  /** Each wait is so many times the one before. Default 1.5, at least 1. */
  readonly multiplier?: number;
  /**
   * The part of a wait that is left to chance, so that many clients do not come back together: 0.5 turns 1,000 ms into
   * something from 500 to 1,500 ms. Default 0.5, from 0 to 1.
   */
  readonly jitter?: number;
  /** From 0 to below 1, for the jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** The waits of one batch, one after the other. `retryAfterMs` is what the destination asked for; 0 if nothing. */
export type Delays = (retryAfterMs: number) => number;

/**
 * Makes the waits of one batch after the other.
 *
 * Where the destination asks for a wait, that is the least, jitter only adds to it, and as long as it keeps asking the
 * waits grow from there and never shrink (F-05 to F-07). Else they grow from `initialDelayMs`.
 */
export function backoff(options: BackoffOptions = {}): () => Delays {
  const { initialDelayMs = 1_000, maxDelayMs = 30_000, multiplier = 1.5, jitter = 0.5, random = Math.random } = options;
  check("initialDelayMs", initialDelayMs, 1, Infinity);
  check("maxDelayMs", maxDelayMs, 1, Infinity);
  check("multiplier", multiplier, 1, Infinity);
  check("jitter", jitter, 0, 1);

  return () => {
    let ownMs = 0;
    let askedMs = 0;
    let lastAskedDelayMs = 0;
    return (retryAfterMs) => {
      if (retryAfterMs > 0) {
        askedMs = Math.max(retryAfterMs, Math.min(askedMs * multiplier, maxDelayMs));
        lastAskedDelayMs = Math.max(lastAskedDelayMs, Math.ceil(askedMs * (1 + jitter * random())));
        return lastAskedDelayMs;
      }
      askedMs = 0;
      lastAskedDelayMs = 0;
      ownMs = ownMs === 0 ? Math.min(initialDelayMs, maxDelayMs) : Math.min(ownMs * multiplier, maxDelayMs);
      return Math.ceil(ownMs * (1 - jitter + 2 * jitter * random()));
    };
  };
}

function check(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw new RangeError(`retry: ${name} must be from ${min} to ${max}, not ${value}`);
}
