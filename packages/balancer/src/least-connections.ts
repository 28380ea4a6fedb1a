import type { Balancer, Candidate } from "@otlpkit/core";
import { betterOfTwo } from "./better-of-two.ts";

/** Options of {@link leastConnections}. */
export interface LeastConnectionsOptions {
  /** From 0 to below 1, for the draws. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * To whom has less to do: of two drawn by weight the one with fewer attempts under way for its weight. While nobody has
 * anything to do shares are those of the weights; an endpoint that takes ten times as long gets about a tenth. (Envoy's
 * least_request with its choice of two.)
 */
export function leastConnections({ random = Math.random }: LeastConnectionsOptions = {}): Balancer {
  return { name: "least-connections", pick: betterOfTwo(random, busyness) };
}

function busyness({ inFlight, weight }: Candidate): number {
  return weight > 0 ? inFlight / weight : inFlight;
}
