/** A clock that stands still until it is told to go on. */
export interface FakeClock {
  /** In place of `performance.now`. Begins at 0 unless told otherwise. */
  now(): number;
  /** In place of `setTimeout`; returns what cancels it. */
  setTimer(run: () => void, delayMs: number): () => void;
  /** Resolves once the clock has gone on by `ms`; at once, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Lets `ms` pass: runs what falls due, in order and each at its own moment, and lets promises settle after each.
   * Timers that are set meanwhile run too, when they fall due before the end.
   */
  advance(ms: number): Promise<void>;
  /** Timers that have been set and have neither run nor been cancelled. */
  readonly pending: number;
}

/** Makes a {@link FakeClock}. `now`, `setTimer`, `sleep` and `advance` may be passed around on their own. */
export function fakeClock(startMs = 0): FakeClock {
  let nowMs = startMs;
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  const now = (): number => nowMs;
  const setTimer = (run: () => void, delayMs: number): (() => void) => {
    const timer = { atMs: nowMs + Math.max(0, delayMs), run };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const cancel = setTimer(resolve, ms);
      const onAbort = (): void => {
        cancel();
        resolve();
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  const advance = async (ms: number): Promise<void> => {
    const untilMs = nowMs + ms;
    await settled();
    for (;;) {
      const [next] = [...timers].filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs);
      if (!next) break;
      timers.delete(next);
      nowMs = Math.max(nowMs, next.atMs);
      next.run();
      await settled();
    }
    nowMs = untilMs;
  };
  return {
    now,
    setTimer,
    sleep,
    advance,
    get pending() {
      return timers.size;
    },
  };
}

/**
 * Everything that was waiting for a resolved promise has gone on: a turn of the event loop comes after all of that. By a
 * message, which takes a hundredth of the time of the shortest timer.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    // Assigning `onmessage` would have done this.
    port1.start();
    port2.postMessage(undefined);
  });
}
