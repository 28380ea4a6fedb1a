import type { Balancer, Candidate } from "@otlpkit/core";

/**
 * In turn by weight, without bursts: 5, 1 and 1 give `aabacaa` and not `aaaaabc`. Everyone gains its weight at each pick,
 * who has most is picked and pays for all (the smooth weighted round robin of nginx). Over a cycle, as many picks as the
 * weights add up to, everyone gets exactly its weight; a change of weights does not begin the cycle anew.
 *
 * Looks at every candidate at each pick. Where there are many hundreds, `leastConnections` draws by weight for less.
 */
export function weightedRoundRobin(): Balancer {
  /** What everyone had when its list was used last. */
  const kept = new WeakMap<Candidate, number>();
  let row: Row = { candidates: [], weights: new Float64Array(), credits: new Float64Array() };

  /** While the list is the same its weights are, so that all that a pick reads lies side by side. */
  function rowOf(candidates: readonly Candidate[]): Row {
    if (candidates === row.candidates) return row;
    for (const [index, candidate] of row.candidates.entries()) kept.set(candidate, row.credits[index] as number);
    const even = candidates.every(({ weight }) => weight <= 0);
    row = {
      candidates,
      weights: Float64Array.from(candidates, ({ weight }) => (even ? 1 : Math.max(0, weight))),
      credits: Float64Array.from(candidates, (candidate) => kept.get(candidate) ?? 0),
    };
    return row;
  }

  return {
    name: "weighted-round-robin",
    pick(candidates) {
      const { weights, credits } = rowOf(candidates);
      let total = 0;
      let best = -1;
      let most = -Infinity;
      for (let index = 0; index < credits.length; index++) {
        const weight = weights[index] as number;
        // What weighs nothing gains nothing, and must not win against those in debt.
        if (weight === 0) continue;
        const credit = (credits[index] as number) + weight;
        credits[index] = credit;
        total += weight;
        if (credit > most) {
          most = credit;
          best = index;
        }
      }
      if (best === -1) return undefined;
      credits[best] = most - total;
      return candidates[best];
    },
  };
}

interface Row {
  readonly candidates: readonly Candidate[];
  readonly weights: Float64Array;
  readonly credits: Float64Array;
}
