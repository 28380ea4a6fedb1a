import type { Balancer, Candidate } from "@otlpkit/core";
import { narrowed } from "./narrowed.ts";

/** Options of {@link preferZone}. */
export interface PreferZoneOptions {
  /** Where we are. */
  readonly zone: string;
  /**
   * The part of all traffic that comes from our zone, from 0 to 1. Default: zones send alike, 1 / number of zones.
   */
  readonly localTraffic?: number;
  /** Fewer fit endpoints than this in our zone, and zones do not count. Default 1. */
  readonly minEndpoints?: number;
  /** From 0 to below 1, to choose between here and elsewhere. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Stays in the own zone as far as its endpoints suffice. When our zone sends more than its endpoints' part of the weight,
 * the rest goes to the zones that have room, each as much as it has (Envoy's zone aware routing, seen from a client).
 *
 * Not for `consistentHash`: clients in different zones would choose differently.
 */
export function preferZone(balancer: Balancer, options: PreferZoneOptions): Balancer {
  const { zone, localTraffic, minEndpoints = 1, random = Math.random } = options;
  if (localTraffic !== undefined && !(localTraffic > 0 && localTraffic <= 1)) {
    throw new RangeError(`preferZone: localTraffic must be above 0 and at most 1, not ${localTraffic}`);
  }
  const plans = new WeakMap<readonly Candidate[], readonly Way[]>();

  return narrowed(balancer, `zone ${zone} first`, (candidates) => {
    let ways = plans.get(candidates);
    if (ways === undefined) plans.set(candidates, (ways = plan(candidates, zone, localTraffic, minEndpoints)));
    if (ways.length === 1) return (ways[0] as Way).candidates;
    let at = random();
    return (ways.find(({ part }) => (at -= part) < 0) ?? ways[0])?.candidates ?? candidates;
  });
}

/** Some candidates, and the part of our traffic that they get. */
interface Way {
  readonly candidates: readonly Candidate[];
  readonly part: number;
}

function plan(candidates: readonly Candidate[], zone: string, traffic: number | undefined, least: number): Way[] {
  const everywhere = [{ candidates, part: 1 }];
  const zones = byZone(candidates);
  const local = zones.get(zone);
  if (local === undefined || local.length < least || zones.size === 1) return everywhere;

  const total = weigh(candidates);
  if (total <= 0) return everywhere;
  const sent = traffic ?? 1 / zones.size;
  const localPart = Math.min(1, weigh(local) / total / sent);
  if (localPart === 1) return [{ candidates: local, part: 1 }];

  // What others have left when they have served their own zone.
  const othersSend = (1 - sent) / (zones.size - 1);
  const others = [...zones].filter(([name]) => name !== zone);
  const room = others.map(([, members]) => Math.max(0, weigh(members) / total - othersSend));
  const allRoom = room.reduce((sum, one) => sum + one, 0);
  return [
    { candidates: local, part: localPart },
    ...others.map(([, members], index) => ({
      candidates: members,
      part: (1 - localPart) * (allRoom > 0 ? (room[index] as number) / allRoom : 1 / others.length),
    })),
  ];
}

function weigh(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { weight }) => sum + weight, 0);
}

function byZone(candidates: readonly Candidate[]): Map<string, Candidate[]> {
  const zones = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const name = candidate.endpoint.zone ?? "";
    const members = zones.get(name);
    if (members === undefined) zones.set(name, [candidate]);
    else members.push(candidate);
  }
  return zones;
}
