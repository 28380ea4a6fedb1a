/** How many requests a destination takes at a time, as far as is known by now. */
export interface ConcurrencyLimit {
  /** Whole, and at least 1. */
  readonly limit: number;
  /** Smoothed time that an answer takes, in ms; 0 before the first. */
  readonly roundTripMs: number;
  /** All there is room for is under way: more might be taken. */
  saturated(): void;
  /** A request was answered after so many ms. */
  answered(roundTripMs: number): void;
  /** One was refused as too many, or not answered in time. */
  refused(): void;
}

export interface ConcurrencyLimitOptions {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  readonly now: () => number;
}

/** What a refusal leaves of the limit. */
const decrease = 0.9;
/** Answers may take so much longer than unhurried ones before that is put down to a queue over there: they vary. */
const tolerance = 1.2;
/** From here on it is no small queue any more. */
const congested = 2;
/** How often it makes sure how long an unhurried answer takes. */
const calmEveryMs = 30_000;
/** How fast the time of unhurried answers follows shorter ones, and the smoothed time all. */
const follow = 0.5;
const leastAnswers = 5;

/**
 * Looks at a window of answers at a time, at least as many as the limit. A refusal, and answers that take twice as long as
 * unhurried ones, make the limit smaller by a tenth. Else, of the requests under way, as many wait in a queue over there
 * as answers take longer (Little's law): while that queue is short and the limit is used, the limit grows, at first twice
 * as large each window and later by one; when it is long, the limit shrinks by one.
 *
 * How long unhurried answers take is the least that was seen lately. To see it, half the limit is used for one window
 * every half minute; and when half the requests are no faster, the destination has become slower, and not for our sake.
 */
export function concurrencyLimit({ initial, min, max, now }: ConcurrencyLimitOptions): ConcurrencyLimit {
  let limit = initial;
  let isGrowingFast = true;
  /** Windows at half the limit to come: the answers of the first are to what was sent before. */
  let calmWindows = 0;
  let calmDueMs = now() + calmEveryMs;
  let unhurriedMs = Infinity;
  let smoothMs = 0;
  /** Where shrinking for slow answers began. */
  let slowSince: { readonly limit: number; mostMs: number } | undefined;
  let window = fresh();

  function fresh(): { startMs: number; answers: number; totalMs: number; refusals: number; isUsed: boolean } {
    return { startMs: now(), answers: 0, totalMs: 0, refusals: 0, isUsed: false };
  }

  const current = (): number => Math.max(min, Math.floor(calmWindows > 0 ? limit / 2 : limit));

  function shrink(): void {
    limit = Math.max(min, limit * decrease);
    isGrowingFast = false;
  }

  function look(): void {
    const { startMs, answers, totalMs, refusals, isUsed } = window;
    const meanMs = answers === 0 ? 0 : totalMs / answers;
    if (answers + refusals < Math.max(leastAnswers, current()) || now() - startMs < meanMs) return;
    window = fresh();
    if (answers > 0) {
      smoothMs = smoothMs === 0 ? meanMs : smoothMs + follow * (meanMs - smoothMs);
      if (calmWindows === 1) unhurriedMs = meanMs;
      else if (meanMs < unhurriedMs) unhurriedMs = unhurriedMs === Infinity ? meanMs : toward(unhurriedMs, meanMs);
    }
    if (refusals === 0 && calmWindows === 0) adjust(meanMs, isUsed);
    if (calmWindows > 0) calmWindows--;
    else if (now() >= calmDueMs) {
      calmWindows = 2;
      calmDueMs = now() + calmEveryMs;
    }
  }

  function adjust(meanMs: number, isUsed: boolean): void {
    const slowness = meanMs / unhurriedMs;
    if (slowness > congested) return slowDown(meanMs);
    slowSince = undefined;
    const queued = limit * (1 - Math.min(1, tolerance / slowness));
    const allowed = Math.sqrt(limit);
    if (queued > 2 * allowed) limit = Math.max(min, limit - 1);
    else if (queued < allowed && isUsed) limit = Math.min(max, isGrowingFast ? limit * 2 : limit + 1);
    if (queued >= allowed) isGrowingFast = false;
  }

  function slowDown(meanMs: number): void {
    slowSince ??= { limit, mostMs: meanMs };
    slowSince.mostMs = Math.max(slowSince.mostMs, meanMs);
    if (limit > slowSince.limit / 2 && limit > min) return shrink();
    // Half as many at a time and no faster: it is no queue of ours.
    if (meanMs > 0.8 * slowSince.mostMs) {
      unhurriedMs = meanMs;
      isGrowingFast = true;
    } else shrink();
    slowSince = undefined;
  }

  return {
    get limit() {
      return current();
    },
    get roundTripMs() {
      return smoothMs;
    },
    saturated() {
      window.isUsed = true;
    },
    answered(roundTripMs) {
      window.answers++;
      window.totalMs += roundTripMs;
      look();
    },
    refused() {
      // At once, but once a window: those that are under way will be refused as well.
      if (window.refusals++ === 0) shrink();
      look();
    },
  };
}

function toward(from: number, to: number): number {
  return from + follow * (to - from);
}
