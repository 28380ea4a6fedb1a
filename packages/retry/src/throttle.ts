import type { Signal } from "@otlpkit/core";

/** What one destination asked us to hold back. Kept per signal: overload with traces says nothing about metrics. */
export interface Throttle {
  /** Until when nothing of `signal` shall be sent, on the clock of `now`; in the past or 0 if it may be. */
  untilMs(signal: Signal): number;
  hold(signal: Signal, retryAfterMs: number): void;
}

export function throttle(now: () => number): Throttle {
  const held = new Map<Signal, number>();
  const untilMs = (signal: Signal): number => held.get(signal) ?? 0;
  return {
    untilMs,
    hold: (signal, retryAfterMs) => void held.set(signal, Math.max(untilMs(signal), now() + retryAfterMs)),
  };
}
