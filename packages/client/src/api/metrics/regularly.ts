/** Runs something at regular intervals, the first time after one of them; returns what ends that. */
export function regularly(
  run: () => void,
  intervalMs: number,
  setTimer: (run: () => void, delayMs: number) => () => void,
): () => void {
  let cancel = setTimer(tick, intervalMs);

  function tick(): void {
    // Set first: from one beginning to the next, however long it takes.
    cancel = setTimer(tick, intervalMs);
    run();
  }

  return () => cancel();
}
