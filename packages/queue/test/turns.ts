import type { Random } from "./random.ts";

/** Who waits for a turn, and who goes next: the order of everything that happens at the same time, decided by a seed. */
export interface Turns {
  /** Waits until chosen. */
  wait(): Promise<void>;
  readonly waiting: number;
  /** How many turns there were. */
  readonly count: number;
  /**
   * Lets one of those that wait go on, any of them, or a few that end at nearly the same moment, and everything that follows
   * until all wait again.
   */
  next(): Promise<void>;
}

export function turns(random: Random): Turns {
  const waiting: (() => void)[] = [];
  let count = 0;
  return {
    wait: () => new Promise((resolve) => void waiting.push(resolve)),
    get waiting() {
      return waiting.length;
    },
    get count() {
      return count;
    },
    async next() {
      count++;
      for (let together = random.pick([1, 1, 1, 2, 3]); together > 0 && waiting.length > 0; together--) {
        waiting.splice(random.below(waiting.length), 1)[0]?.();
        for (let moments = random.below(4); moments > 0; moments--) await Promise.resolve();
      }
      await settled();
    },
  };
}

/** All that waited for a resolved promise has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
