import { ExportError, type SendOptions } from "@otlpkit/core";
import type { SetTimer } from "./timer.ts";

/** Lets so many in at a time; others wait in the order in which they came. */
export interface WaitingLine {
  /**
   * Resolves when it is one's turn, with what is to be called at the end.
   *
   * @throws ExportError "overloaded" when too many wait or the deadline passes, "cancelled" when the caller gives up.
   */
  enter(options: SendOptions): Promise<() => void>;
  /** Resolves when nobody is inside and nobody waits. */
  empty(): Promise<void>;
}

/** What a line leans on. */
export interface WaitingLineMeans {
  readonly now: () => number;
  readonly setTimer: SetTimer;
}

/** Makes a {@link WaitingLine} in front of `place`. */
export function waitingLine(
  place: string,
  maxInside: number,
  maxWaiting: number,
  { now, setTimer }: WaitingLineMeans,
): WaitingLine {
  const waiting = new Set<() => void>();
  const onEmpty: (() => void)[] = [];
  let inside = 0;

  function leave(): void {
    const [next] = waiting;
    if (next !== undefined) {
      // The turn is handed on, so that nobody who comes now gets in between.
      next();
      return;
    }
    inside--;
    if (inside === 0) for (const tell of onEmpty.splice(0)) tell();
  }

  function turn({ deadline, signal }: SendOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      let cancelTimer = (): void => {};
      const end = (): void => {
        waiting.delete(enter);
        cancelTimer();
        signal?.removeEventListener("abort", onAbort);
      };
      const enter = (): void => {
        end();
        resolve();
      };
      const giveUp = (error: ExportError): void => {
        end();
        reject(error);
      };
      const onAbort = (): void =>
        giveUp(
          new ExportError("cancelled", `given up while waiting for a turn to ${place}`, { cause: signal?.reason }),
        );
      waiting.add(enter);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (deadline !== undefined) {
        cancelTimer = setTimer(
          // Nothing was sent, so it is no "timeout", after which nobody knows.
          () => giveUp(new ExportError("overloaded", `no turn to ${place} in time: ${inside} requests are under way`)),
          deadline - now(),
        );
      }
    });
  }

  return {
    async enter(options) {
      if (inside < maxInside) inside++;
      else if (waiting.size >= maxWaiting) {
        throw new ExportError(
          "overloaded",
          `${inside} requests to ${place} are under way and ${waiting.size} wait already`,
        );
      } else await turn(options);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        leave();
      };
    },
    empty: () => (inside === 0 ? Promise.resolve() : new Promise((resolve) => onEmpty.push(resolve))),
  };
}
