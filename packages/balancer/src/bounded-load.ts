import type { Candidate } from "@otlpkit/core";
import { ownWeight } from "./placement.ts";

/**
 * Marks those that have as much under way as they may: `factor` times their share of the whole, rounded up (Mirrokni et
 * al., "Consistent Hashing with Bounded Loads"). With a factor of 1 or more there is always one that is not full.
 * `undefined` when nobody is.
 */
export function fullOnes(candidates: readonly Candidate[], factor: number): Uint8Array | undefined {
  if (factor === Infinity) return undefined;
  let inFlight = 1;
  let weights = 0;
  for (const candidate of candidates) {
    inFlight += candidate.inFlight;
    weights += ownWeight(candidate);
  }
  let full: Uint8Array | undefined;
  for (const [index, candidate] of candidates.entries()) {
    const share = weights > 0 ? ownWeight(candidate) / weights : 1 / candidates.length;
    if (candidate.inFlight < Math.ceil(factor * inFlight * share)) continue;
    full ??= new Uint8Array(candidates.length);
    full[index] = 1;
  }
  return full;
}
