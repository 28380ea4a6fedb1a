import { sleep, type Time } from "../time.ts";

/** How often a source may be asked. */
export interface FloorOptions {
  /** So many questions may follow each other at once. */
  readonly burst: number;
  /** After these, one for each so many ms. */
  readonly intervalMs: number;
}

/**
 * A bucket of tokens: resolves when the next question may be put. A service that changes all the time answers each blocking
 * query at once, and whoever asks again at once keeps a core busy here and there.
 */
export function floor({ burst, intervalMs }: FloorOptions, time: Time): (signal: AbortSignal) => Promise<void> {
  let left = burst;
  let filledMs = time.now();
  return async (signal) => {
    const gained = (time.now() - filledMs) / intervalMs;
    left = Math.min(burst, left + gained);
    filledMs = time.now();
    left -= 1;
    if (left < 0) await sleep(time, -left * intervalMs, signal);
  };
}
