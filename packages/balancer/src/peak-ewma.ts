import type { Balancer, Candidate } from "@otlpkit/core";
import { betterOfTwo } from "./better-of-two.ts";

/** Options of {@link peakEwma}. */
export interface PeakEwmaOptions {
  /**
   * How long an endpoint that has not answered yet is taken to need, in ms, while its first attempt is under way.
   * Default 1,000: more than any healthy one needs, so that a new one gets one request and not all of them.
   */
  readonly unmeasuredMs?: number;
  /** From 0 to below 1, for the draws. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * To whom will answer sooner: of two drawn by weight the one whose latency, times what it has to do for its weight, is
 * less. The latency goes up at once and down slowly, so that an endpoint that stumbles is spared from the first slow
 * answer on (Finagle's and Linkerd's peak EWMA).
 */
export function peakEwma({ unmeasuredMs = 1_000, random = Math.random }: PeakEwmaOptions = {}): Balancer {
  if (!(unmeasuredMs >= 0)) throw new RangeError(`peakEwma: unmeasuredMs must be 0 or more, not ${unmeasuredMs}`);
  function cost({ latencyMs, inFlight, weight }: Candidate): number {
    const busyness = weight > 0 ? inFlight / weight : inFlight;
    if (latencyMs === undefined) return inFlight === 0 ? 0 : unmeasuredMs * (busyness + 1);
    return latencyMs * (busyness + 1);
  }
  return { name: "peak-ewma", pick: betterOfTwo(random, cost) };
}
