import type { Member } from "./member.ts";

/** Who may be picked at a moment. */
export interface CandidateLists {
  /** For the first attempt: those who are fit, or in a panic all. */
  readonly first: readonly Member[];
  /** For the attempts after a failure: those who are fit, even in a panic. */
  readonly fit: readonly Member[];
  readonly isPanic: boolean;
  /** How many count: neither draining nor asking to be left alone. */
  readonly usable: number;
}

/**
 * Sorts out who may be picked. Draining ones only where there are no others, those who asked to be left alone not at all.
 * When fewer than `panicThreshold` percent are fit, health is ignored (Envoy's panic threshold).
 */
export function candidateLists(members: readonly Member[], panicThreshold: number, nowMs: number): CandidateLists {
  const staying = members.filter(({ endpoint }) => endpoint.draining !== true);
  const usable = (staying.length > 0 ? staying : members).filter(({ heldUntilMs }) => heldUntilMs <= nowMs);
  const fit = usable.filter((member) => member.isFit(nowMs));
  const isPanic = fit.length * 100 < panicThreshold * usable.length;
  const weighty = withWeight(fit);
  return { first: isPanic ? withWeight(usable) : weighty, fit: weighty, isPanic, usable: usable.length };
}

/** What weighs nothing takes nothing but what only it can take. */
function withWeight(members: readonly Member[]): readonly Member[] {
  const weighty = members.filter(({ weight }) => weight > 0);
  return weighty.length > 0 ? weighty : members;
}

/** Hands out the same array as before while it has the same members with the same weights. */
export function keepingLists(): (list: readonly Member[]) => readonly Member[] {
  let last: readonly Member[] = [];
  let weights: readonly number[] = [];
  return (list) => {
    const isSame =
      list.length === last.length &&
      list.every((member, index) => member === last[index] && member.weight === weights[index]);
    if (isSame) return last;
    last = list;
    weights = list.map(({ weight }) => weight);
    return list;
  };
}
