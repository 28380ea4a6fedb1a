/** How long attempts at one endpoint take, as {@link latency} sees it. */
export interface Latency {
  /** An attempt took so many ms. */
  observe(tookMs: number): void;
  /** The average in ms, `undefined` before the first attempt. It fades while nothing is observed. */
  value(): number | undefined;
}

/**
 * A moving average that jumps up to every peak and comes down with time: after `tauMs` without a peak two thirds of the
 * difference are forgotten, however many or few attempts there were. It fades when nothing is sent at all, so that an
 * endpoint that was slow once is tried again.
 */
export function latency(tauMs: number, now: () => number): Latency {
  let averageMs: number | undefined;
  let atMs = 0;
  return {
    observe(tookMs) {
      const nowMs = now();
      if (averageMs === undefined || tookMs >= averageMs) averageMs = tookMs;
      else averageMs = tookMs + (averageMs - tookMs) * Math.exp((atMs - nowMs) / tauMs);
      atMs = nowMs;
    },
    value: () => (averageMs === undefined ? undefined : averageMs * Math.exp((atMs - now()) / tauMs)),
  };
}
