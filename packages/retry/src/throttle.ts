import type { Signal } from "@otlpkit/core";

/** What one destination asked us to hold back. Kept per signal: overload with traces says nothing about metrics. */
export interface Throttle {
  /** Until when nothing of `signal` shall be sent, on the clock of `now`; in the past or 0 if it may be. */
  untilMs(signal: Signal): number;
  /** Holds `signal` back for so long, if not for longer already; says whether that changed anything. */
  hold(signal: Signal, retryAfterMs: number): boolean;
}

export function throttle(now: () => number): Throttle {
  const held = new Map<Signal, number>();
  const untilMs = (signal: Signal): number => held.get(signal) ?? 0;
  return {
    untilMs,
    hold(signal, retryAfterMs) {
      const until = now() + retryAfterMs;
      if (until <= untilMs(signal)) return false;
      held.set(signal, until);
      return true;
    },
  };
}
