import type { Endpoint, Registry } from "@otlpkit/core";
import type { SetTimer } from "./timer.ts";

/** What watching leans on. */
export interface Watching {
  readonly onList: (endpoints: readonly Endpoint[]) => void;
  readonly onFailure: (error: Error) => void;
  readonly setTimer: SetTimer;
  readonly random: () => number;
}

/**
 * Follows a registry until `signal` aborts. One that fails, or ends, against its contract, is watched anew after a second,
 * and after up to half a minute when it keeps failing.
 */
export async function watchEndpoints(registry: Registry, signal: AbortSignal, watching: Watching): Promise<void> {
  const { onList, onFailure, setTimer, random } = watching;
  for (let pauseMs = 1_000; !signal.aborted; pauseMs = Math.min(pauseMs * 2, 30_000)) {
    try {
      for await (const endpoints of registry.watch(signal)) {
        if (signal.aborted) return;
        pauseMs = 1_000;
        onList(endpoints);
      }
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error instanceof Error ? error : new Error(String(error)));
    }
    await pause(pauseMs * (0.5 + random() / 2), signal, setTimer);
  }
}

function pause(ms: number, signal: AbortSignal, setTimer: SetTimer): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = setTimer(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
