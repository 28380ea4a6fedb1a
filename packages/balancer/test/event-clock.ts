/** A clock that jumps from event to event; many thousands of timers cost little. */
export interface EventClock {
  now(): number;
  setTimer(run: () => void, delayMs: number): () => void;
  /** Runs what falls due until then, and lets promises settle after each. */
  runUntil(untilMs: number): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | undefined;
}

export function eventClock(): EventClock {
  const heap: Timer[] = [];
  let nowMs = 0;
  let order = 0;

  const isBefore = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  function push(timer: Timer): void {
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  function pop(): Timer {
    const first = heap[0] as Timer;
    const last = heap.pop() as Timer;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child++;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    if (heap.length > 0) heap[at] = last;
    return first;
  }

  return {
    now: () => nowMs,
    setTimer(run, delayMs) {
      const timer: Timer = { atMs: nowMs + Math.max(0, delayMs), order: order++, run };
      push(timer);
      return () => (timer.run = undefined);
    },
    async runUntil(untilMs) {
      await settled();
      while (heap.length > 0 && (heap[0] as Timer).atMs <= untilMs) {
        const timer = pop();
        if (timer.run === undefined) continue;
        nowMs = timer.atMs;
        timer.run();
        await settled();
      }
      nowMs = untilMs;
    },
  };
}

/** A turn of the event loop comes after everything that waited for a resolved promise. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
