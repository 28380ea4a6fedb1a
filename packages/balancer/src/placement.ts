import type { Candidate } from "@otlpkit/core";

/** Says at which place of its list the owner of a hash is, leaving out those that are `full`; -1 when nobody is left. */
export type Placement = (hash: number, full?: Uint8Array) => number;

/** Makes the placement of a list; the same one while the list is the same. */
export type Placements = (candidates: readonly Candidate[]) => Placement;

/**
 * What an endpoint weighs by its source. Not `candidate.weight`, which changes while an endpoint starts slowly: every
 * step would move keys from one to another.
 */
export function ownWeight({ endpoint }: Candidate): number {
  return endpoint.weight ?? 1;
}
