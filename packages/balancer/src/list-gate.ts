import type { SendOptions } from "@otlpkit/core";
import type { SetTimer } from "./timer.ts";

/** How a wait at the gate ended. */
export type GateEnd = "open" | "late" | "cancelled" | "closed";

/** Holds sends back until the first list of endpoints is there. */
export interface ListGate {
  readonly isOpen: boolean;
  open(): void;
  /** Those who wait are sent away. */
  close(): void;
  /** Waits for at most `limitMs`, the deadline, or the caller's patience. */
  wait(options: SendOptions, limitMs: number): Promise<GateEnd>;
}

export function listGate(now: () => number, setTimer: SetTimer): ListGate {
  const waiting = new Set<(end: GateEnd) => void>();
  let isOpen = false;
  const release = (end: GateEnd): void => {
    for (const go of waiting) go(end);
  };
  return {
    get isOpen() {
      return isOpen;
    },
    open() {
      isOpen = true;
      release("open");
    },
    close: () => release("closed"),
    wait: ({ deadline = Infinity, signal }, limitMs) =>
      new Promise((resolve) => {
        const onAbort = (): void => go("cancelled");
        const cancelTimer = setTimer(() => go("late"), Math.min(limitMs, deadline - now()));
        const go = (end: GateEnd): void => {
          waiting.delete(go);
          cancelTimer();
          signal?.removeEventListener("abort", onAbort);
          resolve(end);
        };
        waiting.add(go);
        signal?.addEventListener("abort", onAbort, { once: true });
      }),
  };
}
