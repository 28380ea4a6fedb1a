/** Runs `run` after `delayMs` and returns what cancels it. */
export type SetTimer = (run: () => void, delayMs: number) => () => void;

// setTimeout turns longer waits into none.
const longestTimerMs = 2 ** 31 - 1;

/** A timer that does not keep a Node process alive. */
export const quietTimer: SetTimer = (run, delayMs) => {
  const timer: unknown = setTimeout(run, Math.min(Math.max(0, delayMs), longestTimerMs));
  // In browsers it is a number, and nothing needs to be done.
  if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as NodeJS.Timeout).unref();
  return () => clearTimeout(timer as NodeJS.Timeout);
};
