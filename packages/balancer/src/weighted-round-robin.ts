import type { Balancer, Candidate } from "@otlpkit/core";

/**
 * In turn by weight, without bursts: 5, 1 and 1 give `aabacaa` and not `aaaaabc`. Everyone gains its weight at each pick,
 * who has most is picked and pays for all (the smooth weighted round robin of nginx). Over a cycle, as many picks as the
 * weights add up to, everyone gets exactly its weight; a change of weights does not begin the cycle anew.
 *
 * Looks at every candidate at each pick. Where there are many hundreds, `leastConnections` draws by weight for less.
 */
export function weightedRoundRobin(): Balancer {
  const credits = new WeakMap<Candidate, Credit>();
  /** The credits of a list's members, side by side. */
  const rows = new WeakMap<readonly Candidate[], readonly Credit[]>();

  function rowOf(candidates: readonly Candidate[]): readonly Credit[] {
    const known = rows.get(candidates);
    if (known !== undefined) return known;
    const row = candidates.map((candidate) => {
      const credit = credits.get(candidate) ?? { current: 0 };
      credits.set(candidate, credit);
      return credit;
    });
    rows.set(candidates, row);
    return row;
  }

  return {
    name: "weighted-round-robin",
    pick(candidates) {
      const row = rowOf(candidates);
      const even = candidates.every(({ weight }) => weight <= 0);
      let total = 0;
      let best = -1;
      for (let index = 0; index < row.length; index++) {
        const weight = even ? 1 : (candidates[index] as Candidate).weight;
        const credit = row[index] as Credit;
        credit.current += weight;
        total += weight;
        // What weighs nothing gains nothing, and must not win against those in debt.
        if (weight > 0 && (best === -1 || credit.current > (row[best] as Credit).current)) best = index;
      }
      if (best === -1) return undefined;
      (row[best] as Credit).current -= total;
      return candidates[best];
    },
  };
}

interface Credit {
  current: number;
}
