/** Options of {@link retryBudget}. */
export interface RetryBudgetOptions {
  /** So many attempts may be repeated for each send that succeeded lately. Default 0.2: a fifth. */
  readonly ratio?: number;
  /** So many may be repeated in each second in any case, or nobody would ever find out. Default 10, at least 1. */
  readonly minPerSecond?: number;
  /** What "lately" means. Default 10,000; at least 1,000. */
  readonly windowMs?: number;
  /** Milliseconds. Default `performance.now`. */
  readonly now?: () => number;
  /** From 0 to below 1: spreads those who must wait. Default `Math.random`. */
  readonly random?: () => number;
}

/** How many attempts may be repeated at one destination; its `retry` stages share one. */
export interface RetryBudget {
  /** A send has succeeded. */
  succeeded(): void;
  /** Takes one repetition and returns 0, or says how long to wait before asking again, in ms. */
  take(): number;
}

const slotMs = 1000;

interface Slot {
  readonly startMs: number;
  successes: number;
  /** Repetitions, and those of them that were beyond the minimum. */
  taken: number;
  extra: number;
}

/**
 * Bounds what repetition adds to the load of a destination that is in trouble: in any window, no more than `ratio` of the
 * successes, and `minPerSecond`. When nothing succeeds, only the minimum is repeated; the others wait for their turn
 * instead of hammering, and instead of failing.
 *
 * @throws RangeError when an option makes no sense
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const { ratio = 0.2, minPerSecond = 10, windowMs = 10_000 } = options;
  const { now = () => performance.now(), random = Math.random } = options;
  if (!(ratio >= 0)) throw new RangeError(`retry budget: ratio must be 0 or more, not ${ratio}`);
  if (!(minPerSecond >= 1)) throw new RangeError(`retry budget: minPerSecond must be 1 or more, not ${minPerSecond}`);
  if (!(windowMs >= slotMs)) throw new RangeError(`retry budget: windowMs must be ${slotMs} or more, not ${windowMs}`);

  /** The seconds of the window in which something happened, the oldest first. */
  const slots: Slot[] = [];

  function current(): Slot {
    const startMs = Math.floor(now() / slotMs) * slotMs;
    while (slots[0] !== undefined && slots[0].startMs <= startMs - windowMs) slots.shift();
    let slot = slots.at(-1);
    if (slot?.startMs !== startMs) {
      slot = { startMs, successes: 0, taken: 0, extra: 0 };
      slots.push(slot);
    }
    return slot;
  }

  return {
    succeeded() {
      current().successes++;
    },
    take() {
      const slot = current();
      if (slot.taken >= minPerSecond) {
        const earned = ratio * slots.reduce((sum, { successes }) => sum + successes, 0);
        const spent = slots.reduce((sum, { extra }) => sum + extra, 0);
        if (spent + 1 > earned) return slot.startMs + slotMs - now() + slotMs * random();
        slot.extra++;
      }
      slot.taken++;
      return 0;
    },
  };
}
