/** Time and chance, so that tests can have their own. */
export interface Clock {
  /** Milliseconds that never go back. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Runs something later, without keeping the process alive; returns what cancels it. */
  setTimer(run: () => void, delayMs: number): () => void;
  /** Resolves after so long, or when `signal` aborts. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

/** What the clock is made of. */
export interface ClockOptions {
  /** Default `performance.now`. */
  readonly now?: () => number;
  /** Default `Math.random`. */
  readonly random?: () => number;
  /** Default `setTimeout`, not keeping the process alive. Returns what cancels it. */
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
}

export function clockOf(options: ClockOptions): Clock {
  const { now = () => performance.now(), random = Math.random, setTimer = later } = options;
  return {
    now,
    random,
    setTimer,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          cancel();
          signal.removeEventListener("abort", done);
          resolve();
        };
        const cancel = setTimer(done, delayMs);
        signal.addEventListener("abort", done, { once: true });
        if (signal.aborted) done();
      }),
  };
}

function later(run: () => void, delayMs: number): () => void {
  // Longer than 24.8 days would run at once.
  const timer = setTimeout(run, Math.min(delayMs, 0x7fff_ffff));
  timer.unref();
  return () => clearTimeout(timer);
}

/** When to renew what ends after `leaseMs`: after about two thirds, and not all at the same moment. */
export function renewAfterMs(leaseMs: number, clock: Clock): number {
  return Math.max(1_000, leaseMs * (0.6 + clock.random() * 0.13));
}

/** How long to wait after the `failures`th failure in a row: 1 s, 2 s, 4 s, up to 30 s, with jitter. */
export function backoffMs(failures: number, clock: Clock): number {
  return Math.min(30_000, 1_000 * 2 ** Math.min(failures - 1, 10)) * (0.75 + clock.random() / 4);
}

/** Whether a renewal was cut, because what is renewed has come near its longest life. Answers are in whole seconds. */
export function isCut(leaseMs: number, firstLeaseMs: number): boolean {
  return leaseMs < firstLeaseMs * 0.9 - 500;
}
