import type { Balancer, Candidate } from "@otlpkit/core";

/** A balancer that chooses from a part of the candidates. */
export function narrowed(
  balancer: Balancer,
  name: string,
  narrow: (candidates: readonly Candidate[]) => readonly Candidate[],
): Balancer {
  const narrower: Balancer = {
    name: `${balancer.name}, ${name}`,
    pick: (candidates, batch) => balancer.pick(narrow(candidates), batch),
  };
  const split = balancer.split?.bind(balancer);
  if (split === undefined) return narrower;
  return { ...narrower, split: (candidates, batch) => split(narrow(candidates), batch) };
}
