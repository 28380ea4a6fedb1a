/** Something that must be over by a moment. */
export interface Alarm {
  /** On the clock of `performance.now()`; `Infinity` is never. May be moved at any time, to a later moment only. */
  dueAt: number;
  /** The moment has passed. Called once, and the alarm is off. */
  ring(): void;
}

/** The alarms of all calls of a connection or receiver. */
export interface Alarms {
  add(alarm: Alarm): void;
  remove(alarm: Alarm): void;
}

const longestTimerMs = 2_147_483_647;

/**
 * Alarms that share one timer, because nearly all calls are over long before and a timer each costs a tenth of a small
 * call. The timer is set to the earliest moment known; when it fires, those that are due ring and it is set again.
 */
export function alarms(): Alarms {
  const set = new Set<Alarm>();
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;

  function arm(at: number): void {
    clearTimeout(timer);
    timerAt = at;
    timer =
      at === Infinity
        ? undefined
        : setTimeout(look, Math.min(longestTimerMs, Math.max(1, Math.ceil(at - performance.now()))));
    // What waits for an answer holds a socket, and that keeps the process alive; the timer alone must not.
    timer?.unref();
  }
  function look(): void {
    const now = performance.now();
    let next = Infinity;
    for (const alarm of set) {
      if (alarm.dueAt <= now) {
        set.delete(alarm);
        alarm.ring();
      } else if (alarm.dueAt < next) {
        next = alarm.dueAt;
      }
    }
    arm(next);
  }

  return {
    add(alarm) {
      set.add(alarm);
      if (alarm.dueAt < timerAt) arm(alarm.dueAt);
    },
    remove(alarm) {
      set.delete(alarm);
    },
  };
}
