import { ExportError } from "@otlpkit/core";

/** What a watch does again and again. */
export interface Watching<Value> {
  /** Reads the value as it is now. */
  readonly read: (signal: AbortSignal) => Promise<Value>;
  readonly same: (one: Value, other: Value) => boolean;
  /** Calls `wake` whenever there may be something new, until what it returns is called. */
  readonly arm: (wake: () => void) => () => void;
  /** Told of each reading that failed. */
  readonly onError?: ((error: ExportError) => void) | undefined;
}

/** The value now, and each that is another than the one before. What cannot be read is no change: the last one stands. */
export async function* watching<Value>(options: Watching<Value>, signal: AbortSignal): AsyncGenerator<Value, void> {
  const { read, same, arm, onError } = options;
  if (signal.aborted) return;
  let last: Value | undefined;
  let woken = true;
  let goOn = (): void => {};
  const disarm = arm(() => {
    woken = true;
    goOn();
  });
  // Also while nobody asks for the next value, so that nothing is left behind then.
  const stop = (): void => {
    disarm();
    goOn();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (!signal.aborted) {
      if (!woken) {
        await new Promise<void>((resolve) => (goOn = resolve));
        continue;
      }
      woken = false;
      try {
        const value = await read(signal);
        if (signal.aborted) return;
        if (last !== undefined && same(last, value)) continue;
        last = value;
        yield value;
      } catch (error) {
        if (!ExportError.is(error)) throw error;
        if (!signal.aborted) onError?.(error);
      }
    }
  } finally {
    signal.removeEventListener("abort", stop);
    disarm();
  }
}
