import type { Balancer, Candidate } from "@otlpkit/core";
import { hashText, mix } from "./hash.ts";
import { narrowed } from "./narrowed.ts";

/** Options of {@link subset}. */
export interface SubsetOptions {
  /** Tells this client from others, and stays the same over a restart: the name of the pod or host. */
  readonly clientId: string;
  /** To how many endpoints this client goes. */
  readonly size: number;
}

/**
 * Some of many endpoints for each client, so that a thousand clients do not hold a thousand connections each. Which ones
 * follows from the client's id: the highest of draws made of both ids (rendezvous), so that endpoints are in about as many
 * subsets each, and one that goes is replaced by one (Google SRE book, chapter 20; gRPC A68).
 */
export function subset(balancer: Balancer, { clientId, size }: SubsetOptions): Balancer {
  if (!(Number.isInteger(size) && size >= 1)) throw new RangeError(`subset: size must be 1 or more, not ${size}`);
  const seed = hashText(clientId);
  const chosen = new WeakMap<readonly Candidate[], readonly Candidate[]>();

  return narrowed(balancer, `subset of ${size}`, (candidates) => {
    if (candidates.length <= size) return candidates;
    let some = chosen.get(candidates);
    if (some === undefined) {
      const draws = new Map(candidates.map((candidate) => [candidate, mix(seed ^ hashText(candidate.id)) >>> 0]));
      const drawOf = (candidate: Candidate): number => draws.get(candidate) as number;
      const winners = new Set(candidates.toSorted((a, b) => drawOf(b) - drawOf(a)).slice(0, size));
      some = candidates.filter((candidate) => winners.has(candidate));
      chosen.set(candidates, some);
    }
    return some;
  });
}
