/** How fast held bytes go, so that who is refused can be told when to come back. */
export interface DrainRate {
  /** Something is held again after nothing was. Idle times say nothing about how fast it could go. */
  begin(): void;
  /** So many bytes are no longer held. */
  released(bytes: number): void;
  /** How long `bytes` will take, in ms; `Infinity` while nothing moves, `undefined` before anything was seen to go. */
  msFor(bytes: number): number | undefined;
}

const windowMs = 1000;

/** Measures over windows of a second or more, each weighing as much as all before it. */
export function drainRate(now: () => number): DrainRate {
  let sinceMs = now();
  let windowBytes = 0;
  let bytesPerMs: number | undefined;

  /** With what the open window says, which weighs the more the longer it is: a standstill shows by nothing else. */
  const rate = (): number | undefined => {
    const elapsedMs = now() - sinceMs;
    if (elapsedMs < windowMs || (bytesPerMs === undefined && windowBytes === 0)) return bytesPerMs;
    const latest = windowBytes / elapsedMs;
    const weightOfOld = bytesPerMs === undefined ? 0 : 0.5 ** (elapsedMs / windowMs);
    return latest + weightOfOld * ((bytesPerMs ?? 0) - latest);
  };

  const begin = (): void => {
    sinceMs = now();
    windowBytes = 0;
  };
  return {
    begin,
    released(bytes) {
      windowBytes += bytes;
      if (now() - sinceMs < windowMs) return;
      bytesPerMs = rate();
      begin();
    },
    msFor(bytes) {
      if (bytes <= 0) return 0;
      const bytesPerMsNow = rate();
      return bytesPerMsNow === undefined ? undefined : bytes / bytesPerMsNow;
    },
  };
}
