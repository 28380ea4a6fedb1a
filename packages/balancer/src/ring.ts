import type { Candidate } from "@otlpkit/core";
import { hashText, mix } from "./hash.ts";
import { ownWeight, type Placement, type Placements } from "./placement.ts";
import { sortSpread } from "./sort-spread.ts";

/**
 * The ring of consistent hashing (Karger et al.; ketama, Envoy's ring_hash): everyone owns `points` places for each unit
 * of its weight, and a hash belongs to whoever owns the next place. One look-up takes a binary search however many there
 * are; the ring is built when the list changes, in about 20 ms for a thousand endpoints.
 *
 * A list whose members are all on the ring already, which is what remains after a failed attempt or when some have left,
 * needs no new ring: the places of others are walked past, which comes to the same.
 */
export function ring(points: number): Placements {
  const known = new WeakMap<readonly Candidate[], Placement>();
  let latest: Ring | undefined;
  return (candidates) => {
    let placement = known.get(candidates);
    if (placement === undefined) {
      const indexes = latest && indexesOn(latest, candidates);
      placement = indexes === undefined ? walk((latest = build(candidates, points))) : walk(latest as Ring, indexes);
      known.set(candidates, placement);
    }
    return placement;
  };
}

interface Ring {
  /** Sorted: the point in the upper bits, whose it is in the lower 16. */
  readonly points: Float64Array;
  readonly members: ReadonlyMap<Candidate, { readonly index: number; readonly weight: number }>;
}

const owners = 2 ** 16;
/** No single weight may fill the memory. */
const maxPoints = 2 ** 16;

function build(candidates: readonly Candidate[], points: number): Ring {
  const even = candidates.every((candidate) => ownWeight(candidate) <= 0);
  const counts = candidates.map((candidate) => {
    const weight = even ? 1 : ownWeight(candidate);
    return weight <= 0 ? 0 : Math.min(maxPoints, Math.max(1, Math.round(points * weight)));
  });
  const all = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  for (const [index, { id }] of candidates.entries()) {
    const seed = hashText(id);
    for (let point = 0; point < (counts[index] as number); point++) {
      all[at++] = (mix(seed ^ mix(point + 1)) >>> 0) * owners + index;
    }
  }
  const members = new Map(
    candidates.map((candidate, index) => [candidate, { index, weight: ownWeight(candidate) }] as const),
  );
  return { points: sortSpread(all, 2 ** 32 * owners), members };
}

/** Where in `candidates` each member of the ring is, -1 for those that are not; `undefined` when the ring will not do. */
function indexesOn({ members }: Ring, candidates: readonly Candidate[]): Int32Array | undefined {
  if (candidates.length >= members.size || candidates.length === 0) return undefined;
  const indexes = new Int32Array(members.size).fill(-1);
  let anyPoints = false;
  for (const [own, candidate] of candidates.entries()) {
    const member = members.get(candidate);
    if (member === undefined || member.weight !== ownWeight(candidate)) return undefined;
    if (member.weight > 0) anyPoints = true;
    indexes[member.index] = own;
  }
  return anyPoints ? indexes : undefined;
}

function walk({ points }: Ring, indexes?: Int32Array): Placement {
  return (hash, full) => {
    const start = successor(points, hash * owners);
    for (let step = 0; step < points.length; step++) {
      const at = start + step;
      const owner = (points[at < points.length ? at : at - points.length] as number) % owners;
      const index = indexes === undefined ? owner : (indexes[owner] as number);
      if (index !== -1 && (full === undefined || full[index] === 0)) return index;
    }
    return -1;
  };
}

/** The first point at or after `key`; the first of all behind the last. */
function successor(points: Float64Array, key: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] as number) >= key) high = middle;
    else low = middle + 1;
  }
  return low === points.length ? 0 : low;
}
