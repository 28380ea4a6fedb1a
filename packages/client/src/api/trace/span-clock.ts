import type { HrTime } from "@opentelemetry/api";

/**
 * The moment of the wall clock at which the monotonic clock stood at zero. All times of a trace in this process count from
 * the same anchor, so nothing ends before it began and children lie within their parents, whatever is done to the wall
 * clock meanwhile.
 */
export interface Anchor {
  readonly seconds: number;
  /** Whole, from 0 to below 1e9. */
  readonly nanoseconds: number;
}

/** Tells what time it is, to the nanosecond as far as the machine knows it. */
export interface SpanClock {
  /** The monotonic clock, ms. */
  readonly monotonic: () => number;
  /** The anchor for what begins at this moment of the monotonic clock. */
  anchorAt(monotonicMs: number): Anchor;
}

// As the machine's wall clock and its monotonic one run alike, they come apart only when somebody sets the wall clock, or
// when the machine slept.
const checkEveryMs = 1000;
// More than a wall clock of whole ms and a pause between two readings make.
const maxDriftMs = 5;

export interface SpanClockOptions {
  /** The wall clock, ms since 1970. */
  readonly now: () => number;
  /** A clock that only goes forward, ms. */
  readonly monotonic: () => number;
  /** What the wall clock said when the monotonic one stood at zero, when somebody knows it better than in whole ms. */
  readonly timeOrigin?: number;
}

export function spanClock({ now, monotonic, timeOrigin = now() - monotonic() }: SpanClockOptions): SpanClock {
  let offsetMs = timeOrigin;
  let anchor = anchorOf(offsetMs);
  let checkedMs = Number.NEGATIVE_INFINITY;

  function check(monotonicMs: number): void {
    checkedMs = monotonicMs;
    // The wall clock shows whole ms, so on average it is half of one late.
    const driftMs = (): number => now() + 0.5 - monotonic() - offsetMs;
    // Once more, as the process may have been paused between the two readings.
    if (Math.abs(driftMs()) <= maxDriftMs || Math.abs(driftMs()) <= maxDriftMs) return;
    offsetMs += driftMs();
    anchor = anchorOf(offsetMs);
  }

  return {
    monotonic,
    anchorAt(monotonicMs) {
      if (monotonicMs - checkedMs >= checkEveryMs) check(monotonicMs);
      return anchor;
    },
  };
}

function anchorOf(offsetMs: number): Anchor {
  const seconds = Math.floor(offsetMs / 1000);
  return { seconds, nanoseconds: Math.floor((offsetMs - seconds * 1000) * 1e6) };
}

/** The wall-clock time of a moment of the monotonic clock. Seconds and the rest are kept apart, as their sum is more than a number holds exactly. */
export function hrTimeAt(anchor: Anchor, monotonicMs: number): HrTime {
  const seconds = Math.floor(monotonicMs / 1000);
  const nanoseconds = anchor.nanoseconds + Math.round((monotonicMs - seconds * 1000) * 1e6);
  return nanoseconds < 1e9
    ? [anchor.seconds + seconds, nanoseconds]
    : [anchor.seconds + seconds + 1, nanoseconds - 1e9];
}
