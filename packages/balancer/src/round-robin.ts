import type { Balancer, Candidate } from "@otlpkit/core";

/** Options of {@link roundRobin}. */
export interface RoundRobinOptions {
  /** From 0 to below 1, for where to begin. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * One after the other, whatever their weight: over a full round everyone gets one more. It begins anywhere, so that many
 * clients that start together do not all begin with the first (as gRPC's round_robin does).
 */
export function roundRobin({ random = Math.random }: RoundRobinOptions = {}): Balancer {
  /** Who is next in each list; a list that is no longer used takes its place with it. */
  const next = new WeakMap<readonly Candidate[], number>();
  return {
    name: "round-robin",
    pick(candidates) {
      if (candidates.length === 0) return undefined;
      const index = next.get(candidates) ?? Math.floor(random() * candidates.length);
      next.set(candidates, index + 1 === candidates.length ? 0 : index + 1);
      return candidates[index];
    },
  };
}
