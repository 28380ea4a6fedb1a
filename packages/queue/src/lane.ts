/** A record that has failed and will be tried again. */
export interface Failed {
  readonly sequence: number;
  readonly attempts: number;
  readonly notBeforeMs: number;
}

/** What to try next. */
export interface Task {
  readonly sequence: number;
  /** Attempts before this one. */
  readonly attempts: number;
  /** Of the lane, when the attempt began; answers of an earlier one say nothing new. */
  readonly round: number;
}

/** The batches of one tenant on their way to one destination. */
export interface Lane {
  readonly underWay: number;
  readonly waiting: number;
  /** Nothing to do and nothing under way. */
  readonly empty: boolean;
  push(sequence: number): void;
  /** What may be tried now, which is then under way. */
  take(nowMs: number): Task | undefined;
  /** When something may be tried, as far as that depends on time. */
  readonly dueMs: number;
  succeeded(task: Task): void;
  /** `pauseMs`: how long the destination asked to be left alone; 0 if it did not. Returns the wait. */
  failed(task: Task, nowMs: number, pauseMs: number): number;
  /** It is not to be tried any more, or not now; says nothing about the destination. */
  dropped(task: Task): void;
}

export interface LaneOptions {
  readonly newestFirst: boolean;
  readonly concurrency: number;
  readonly overtakeAfterAttempts: number;
  /** The wait after so many failures in a row. */
  readonly delayMs: (failures: number) => number;
}

/** Failed batches that newer ones have overtaken; with more the lane waits for one of them. */
const maxOvertaken = 1024;

/**
 * Keeps the order of a tenant as far as it can: while something fails, one batch at a time is tried, and what failed goes
 * before what is newer; until it has failed so often that it may be its own fault.
 */
export function lane(options: LaneOptions): Lane {
  const { newestFirst, concurrency, overtakeAfterAttempts, delayMs } = options;
  const fresh = sequences(newestFirst);
  let failedOnes: Failed[] = [];
  let underWay = 0;
  let failuresInRow = 0;
  let round = 0;
  let notBeforeMs = 0;

  const holdsUp = ({ attempts }: Failed): boolean => attempts < overtakeAfterAttempts;

  /** The oldest that has failed and waited long enough, of those that hold up others or of those that do not. */
  function oldestDue(nowMs: number, holding: boolean): Failed | undefined {
    let oldest: Failed | undefined;
    for (const one of failedOnes) {
      if (holdsUp(one) !== holding || one.notBeforeMs > nowMs) continue;
      if (oldest === undefined || one.sequence < oldest.sequence) oldest = one;
    }
    return oldest;
  }

  const mayTakeFresh = (): boolean => failedOnes.length < maxOvertaken && !failedOnes.some(holdsUp);

  function freshOrOvertaken(nowMs: number): Failed | number | undefined {
    const overtaken = oldestDue(nowMs, false);
    // While everything fails, old and new take turns: it may be the fault of the old ones, or of nobody here.
    const freshFirst = failuresInRow > 0 && round % 2 === 1;
    if (overtaken !== undefined && !freshFirst) return overtaken;
    return (mayTakeFresh() ? fresh.take() : undefined) ?? overtaken;
  }

  return {
    get underWay() {
      return underWay;
    },
    get waiting() {
      return failedOnes.length;
    },
    get empty() {
      return underWay === 0 && failedOnes.length === 0 && fresh.length === 0;
    },
    push: (sequence) => fresh.push(sequence),
    take(nowMs) {
      if (underWay >= concurrency || nowMs < notBeforeMs) return undefined;
      // One at a time finds out whether it works again.
      if (failuresInRow > 0 && underWay > 0) return undefined;
      const next = oldestDue(nowMs, true) ?? freshOrOvertaken(nowMs);
      if (next === undefined) return undefined;
      if (typeof next !== "number") failedOnes = failedOnes.filter((one) => one !== next);
      underWay++;
      return typeof next === "number"
        ? { sequence: next, attempts: 0, round }
        : { sequence: next.sequence, attempts: next.attempts, round };
    },
    get dueMs() {
      if (underWay >= concurrency || (failuresInRow > 0 && underWay > 0)) return Infinity;
      const free = fresh.length > 0 && mayTakeFresh() ? 0 : Infinity;
      const earliest = failedOnes.reduce((least, one) => Math.min(least, one.notBeforeMs), free);
      return Math.max(earliest, notBeforeMs);
    },
    succeeded(task) {
      underWay--;
      if (task.round !== round) return;
      // More than one has failed: it was the destination, and it is back.
      if (failuresInRow > overtakeAfterAttempts) failedOnes = failedOnes.map((one) => ({ ...one, notBeforeMs: 0 }));
      failuresInRow = 0;
    },
    failed(task, nowMs, pauseMs) {
      underWay--;
      const attempts = task.attempts + 1;
      const own = Math.max(delayMs(attempts), pauseMs);
      // One that always fails while others do not is no news.
      const itself = failuresInRow === 0 && task.attempts >= overtakeAfterAttempts;
      if (task.round === round && !itself) {
        failuresInRow++;
        round++;
        notBeforeMs = Math.max(notBeforeMs, nowMs + delayMs(failuresInRow));
      }
      if (pauseMs > 0) notBeforeMs = Math.max(notBeforeMs, nowMs + pauseMs);
      failedOnes.push({ sequence: task.sequence, attempts, notBeforeMs: nowMs + own });
      return own;
    },
    dropped() {
      underWay--;
    },
  };
}

/** Sequences that come in ascending order; out they go from either end. */
function sequences(newestFirst: boolean): {
  readonly length: number;
  push(one: number): void;
  take(): number | undefined;
} {
  let list: number[] = [];
  let first = 0;
  return {
    get length() {
      return list.length - first;
    },
    push: (one) => void list.push(one),
    take() {
      if (newestFirst) return list.pop();
      if (first === list.length) return undefined;
      const one = list[first++];
      if (first > 1024 && first * 2 > list.length) {
        list = list.slice(first);
        first = 0;
      }
      return one;
    },
  };
}
