/** What a watch needs of time and chance. Given by tests; everybody else leaves it out. */
export interface Time {
  /** The clock, in ms. Default `performance.now`. */
  readonly now: () => number;
  /**
   * Runs something later and returns what cancels it. Default `setTimeout` with `unref`: looking around keeps no process
   * alive.
   */
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
  /** From 0 to below 1. Default `Math.random`. */
  readonly random: () => number;
}

/** Fills in what was left out. */
export function timeOf(given: Partial<Time> = {}): Time {
  return {
    now: given.now ?? (() => performance.now()),
    setTimer: given.setTimer ?? unheldTimer,
    random: given.random ?? Math.random,
  };
}

// setTimeout turns longer waits into none.
const longestTimerMs = 2 ** 31 - 1;

/** Resolves once `ms` have passed; at once, without an error, when `signal` aborts. Leaves neither timer nor listener. */
export function sleep({ setTimer }: Time, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = setTimer(done, Math.min(ms, longestTimerMs));
    signal.addEventListener("abort", done, { once: true });
  });
}

function unheldTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}
