import { platform } from "#platform";

/**
 * Runs something when the program is about to end; returns what ends that.
 *
 * Node says so again once what was sent then has been answered, which must not make it send again, for ever. If the
 * program is still there a second after that, it was not the end: the page was hidden, and may be once more.
 */
export function atEnd(
  run: () => Promise<unknown>,
  setTimer: (run: () => void, delayMs: number) => () => void,
): () => void {
  let ending = false;
  return platform.beforeEnd(() => {
    if (ending) return;
    ending = true;
    void run().finally(() => setTimer(() => (ending = false), 1000));
  });
}
