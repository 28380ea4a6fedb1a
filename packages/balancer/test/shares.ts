import type { Candidate } from "@otlpkit/core";

/** How often each candidate was chosen. */
export function countOf(
  list: readonly Candidate[],
  picks: number,
  pick: (turn: number) => Candidate | undefined,
): number[] {
  const counts = new Map<Candidate, number>(list.map((candidate) => [candidate, 0]));
  for (let turn = 0; turn < picks; turn++) {
    const chosen = pick(turn) as Candidate;
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
  }
  return [...counts.values()];
}

/** The fullest over the average, and the coefficient of variation. */
export function spread(counts: readonly number[]): { maxOverMean: number; cv: number } {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
  return { maxOverMean: Math.max(...counts) / mean, cv: Math.sqrt(variance) / mean };
}
