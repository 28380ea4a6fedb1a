import type { Candidate } from "@otlpkit/core";
import { hashText, mix } from "./hash.ts";
import { ownWeight, type Placement, type Placements } from "./placement.ts";

/**
 * Rendezvous hashing, also called highest random weight: everyone draws a number for the hash, and the highest wins.
 * When one goes, only its own keys move, and when one comes, it takes from everyone alike. There is nothing to build.
 *
 * A weight makes the draw `-weight / ln(u)`; of those with equal weights the highest `u` wins without a logarithm.
 */
export function rendezvous(): Placements {
  const known = new WeakMap<readonly Candidate[], Placement>();
  return (candidates) => {
    let placement = known.get(candidates);
    if (placement === undefined) known.set(candidates, (placement = place(candidates)));
    return placement;
  };
}

function place(candidates: readonly Candidate[]): Placement {
  const seeds = Int32Array.from(candidates, ({ id }) => hashText(id));
  const groups = groupByWeight(candidates);

  return (hash, full) => {
    let best = -1;
    let bestScore = -Infinity;
    for (const { weight, members } of groups) {
      let index = -1;
      let highest = -1;
      for (let at = 0; at < members.length; at++) {
        const member = members[at] as number;
        if (full !== undefined && full[member] !== 0) continue;
        const draw = mix((seeds[member] as number) ^ hash) >>> 0;
        if (draw > highest) {
          highest = draw;
          index = member;
        }
      }
      if (index === -1) continue;
      if (groups.length === 1) return index;
      // ln(u) / weight is greatest where -weight / ln(u) is.
      const score = Math.log((highest + 0.5) / 2 ** 32) / weight;
      if (score > bestScore) {
        bestScore = score;
        best = index;
      }
    }
    return best;
  };
}

interface Group {
  readonly weight: number;
  /** Places in the list. */
  readonly members: Uint32Array;
}

function groupByWeight(candidates: readonly Candidate[]): readonly Group[] {
  const even = candidates.every((candidate) => ownWeight(candidate) <= 0);
  const members = new Map<number, number[]>();
  for (const [index, candidate] of candidates.entries()) {
    const weight = even ? 1 : ownWeight(candidate);
    if (weight <= 0) continue;
    const group = members.get(weight);
    if (group === undefined) members.set(weight, [index]);
    else group.push(index);
  }
  return [...members].map(([weight, indexes]) => ({ weight, members: Uint32Array.from(indexes) }));
}
