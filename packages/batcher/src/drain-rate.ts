/** How fast held bytes go, so that who is refused can be told when to come back. */
export interface DrainRate {
  taken(bytes: number): void;
  answered(bytes: number): void;
  /** How long `bytes` will take, in whole ms, from 100 ms to 30 s; a second while nothing is known. */
  msFor(bytes: number): number;
}

const unknownMs = 1000;

export function drainRate(now: () => number): DrainRate {
  let heldBytes = 0;
  let sinceMs = 0;
  let windowBytes = 0;
  let bytesPerMs = 0;
  return {
    taken(bytes) {
      // Idle times say nothing about how fast it could go.
      if (heldBytes === 0) {
        sinceMs = now();
        windowBytes = 0;
      }
      heldBytes += bytes;
    },
    answered(bytes) {
      heldBytes -= bytes;
      windowBytes += bytes;
      const elapsedMs = now() - sinceMs;
      // Windows of at least a second, each weighing as much as all before it.
      if (elapsedMs < 1000) return;
      const latest = windowBytes / elapsedMs;
      bytesPerMs = bytesPerMs === 0 ? latest : (bytesPerMs + latest) / 2;
      sinceMs = now();
      windowBytes = 0;
    },
    msFor: (bytes) => (bytesPerMs === 0 ? unknownMs : Math.ceil(Math.min(Math.max(bytes / bytesPerMs, 100), 30_000))),
  };
}
