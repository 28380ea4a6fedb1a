/** Runs `run` after `delayMs` and returns what cancels it. */
export type SetTimer = (run: () => void, delayMs: number) => () => void;

/** Why a sleep ended. */
export type Woken = "elapsed" | "cancelled" | "closed";

/** Sleeps that can be ended from outside. */
export interface Sleeper {
  /** Ends when the clock has reached `untilMs`, when `signal` aborts, or at `wakeAll`, whichever is first. */
  until(untilMs: number, signal: AbortSignal | undefined): Promise<Woken>;
  wakeAll(): void;
}

// setTimeout turns longer waits into none.
const longestTimerMs = 2 ** 31 - 1;

export function sleeper(now: () => number, setTimer: SetTimer = timeout): Sleeper {
  const sleeping = new Set<(woken: Woken) => void>();
  return {
    until(untilMs, signal) {
      return new Promise((resolve) => {
        let cancelTimer = (): void => {};
        const onAbort = (): void => wake("cancelled");
        const wake = (woken: Woken): void => {
          cancelTimer();
          signal?.removeEventListener("abort", onAbort);
          sleeping.delete(wake);
          resolve(woken);
        };
        // Timers may be early by a fraction, and there is a longest one: look again at the end of each.
        const sleepOn = (): void => {
          const leftMs = untilMs - now();
          if (leftMs <= 0) wake("elapsed");
          else cancelTimer = setTimer(sleepOn, Math.min(Math.ceil(leftMs), longestTimerMs));
        };
        if (signal?.aborted) return wake("cancelled");
        sleeping.add(wake);
        signal?.addEventListener("abort", onAbort, { once: true });
        sleepOn();
      });
    },
    wakeAll() {
      for (const wake of sleeping) wake("closed");
    },
  };
}

function timeout(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
