/** How long attempts at one endpoint take, as {@link latency} sees it. */
export interface Latency {
  /** An attempt took so many ms. */
  observe(tookMs: number): void;
  /**
   * An attempt failed after so many ms. It counts as one that took four times the average, up to a second, if it was
   * faster: a failure that comes at once must not attract more, and one alone must not drive all away.
   */
  observeFailure(tookMs: number): void;
  /** What was known is no longer so. */
  forget(): void;
  /** The average in ms, `undefined` before the first attempt. It fades while nothing is observed. */
  value(): number | undefined;
}

const longestFailureMs = 1_000;

/**
 * A moving average that jumps up to every peak and comes down with time: after `tauMs` without a peak two thirds of the
 * difference are forgotten, however many or few attempts there were. It fades when nothing is sent at all, so that an
 * endpoint that was slow once is tried again.
 */
export function latency(tauMs: number, now: () => number): Latency {
  let averageMs: number | undefined;
  let atMs = 0;

  function observe(tookMs: number): void {
    const nowMs = now();
    if (averageMs === undefined || tookMs >= averageMs) averageMs = tookMs;
    else averageMs = tookMs + (averageMs - tookMs) * Math.exp((atMs - nowMs) / tauMs);
    atMs = nowMs;
  }

  return {
    observe,
    observeFailure(tookMs) {
      observe(Math.max(tookMs, Math.min(longestFailureMs, 4 * (averageMs ?? longestFailureMs))));
    },
    forget() {
      averageMs = undefined;
    },
    value: () => (averageMs === undefined ? undefined : averageMs * Math.exp((atMs - now()) / tauMs)),
  };
}
