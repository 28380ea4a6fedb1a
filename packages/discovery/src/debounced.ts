import type { Time } from "./time.ts";

/** Gathers what comes in bursts. */
export interface DebounceOptions {
  /** A change is told once nothing more has come for so long, since changes come in bursts. Default 50. */
  readonly debounceMs?: number;
  /** No change waits longer than this, however fast others follow. Default 1,000. */
  readonly maxDebounceMs?: number;
}

/** The newest of a burst, once it is over. */
export interface Debounced<T> {
  /** Takes the place of what is waiting. */
  put(value: T): void;
  /** Forgets what is waiting. */
  clear(): void;
}

/** Calls `tell` with the newest value when a burst is over, or has taken long enough. */
export function debounced<T>(options: DebounceOptions, time: Time, tell: (value: T) => void): Debounced<T> {
  const { debounceMs = 50, maxDebounceMs = 1_000 } = options;
  let firstMs: number | undefined;
  let cancel = (): void => {};

  const clear = (): void => {
    cancel();
    firstMs = undefined;
  };
  return {
    put(value) {
      cancel();
      firstMs ??= time.now();
      const leftMs = Math.max(0, firstMs + maxDebounceMs - time.now());
      cancel = time.setTimer(
        () => {
          clear();
          tell(value);
        },
        Math.min(debounceMs, leftMs),
      );
    },
    clear,
  };
}
