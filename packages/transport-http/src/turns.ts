/** A door that lets so many in at a time. */
export interface Turns {
  /**
   * Calls `visit` now, or when those who came before are in and somebody has left. The visitor calls `leave`, once. What
   * `enter` returns ends the wait; afterwards it does nothing.
   */
  enter(visit: (leave: () => void) => void): () => void;
}

export function turns(maxAtATime: number): Turns {
  const waiting = new Set<(leave: () => void) => void>();
  let inside = 0;

  function leave(): void {
    inside--;
    const [next] = waiting;
    if (next === undefined) return;
    waiting.delete(next);
    inside++;
    next(leave);
  }

  return {
    enter(visit) {
      if (inside < maxAtATime) {
        inside++;
        visit(leave);
      } else {
        waiting.add(visit);
      }
      return () => void waiting.delete(visit);
    },
  };
}
