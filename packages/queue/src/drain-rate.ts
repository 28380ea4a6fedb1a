/** How fast batches leave, so that who is refused can be told when to come back. */
export interface DrainRate {
  /** So many bytes are done with. */
  left(bytes: number): void;
  readonly bytesPerSecond: number;
  /**
   * How long `bytes` will take, in whole ms, from 100 ms to 30 s; a second while nothing is known. When nothing has left for
   * a while, so long again.
   */
  msFor(bytes: number): number;
}

const unknownMs = 1000;
/** A pause that is longer says that there was nothing to do, or nobody to take it. */
const idleMs = 5000;

export function drainRate(now: () => number): DrainRate {
  let sinceMs = now();
  let lastMs = sinceMs;
  let windowBytes = 0;
  let bytesPerMs = 0;
  return {
    left(bytes) {
      const nowMs = now();
      if (nowMs - lastMs > idleMs) {
        sinceMs = nowMs;
        windowBytes = 0;
      }
      lastMs = nowMs;
      windowBytes += bytes;
      const elapsedMs = nowMs - sinceMs;
      // Windows of at least a second, each weighing as much as all before it.
      if (elapsedMs < 1000) return;
      const latest = windowBytes / elapsedMs;
      bytesPerMs = bytesPerMs === 0 ? latest : (bytesPerMs + latest) / 2;
      sinceMs = nowMs;
      windowBytes = 0;
    },
    get bytesPerSecond() {
      return bytesPerMs * 1000;
    },
    msFor(bytes) {
      const measured = bytesPerMs === 0 ? unknownMs : bytes / bytesPerMs;
      return Math.ceil(Math.min(Math.max(measured, now() - lastMs, 100), 30_000));
    },
  };
}
