import type { Candidate } from "@otlpkit/core";
import { seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { candidate, candidatesOf } from "../test/candidates.ts";
import { countOf, spread } from "../test/shares.ts";
import { consistentHash, preferZone, roundRobin, subset } from "./index.ts";

const batch = seeded(1).traces({ items: 1 });

function randomOf(seed: number): () => number {
  const data = seeded(seed);
  return () => data.random();
}

describe("subset", () => {
  const servers = candidatesOf(Array<number>(50).fill(1));
  const subsetOf = (client: number, list: readonly Candidate[]): ReadonlySet<Candidate> => {
    const balancer = subset(roundRobin({ random: () => 0 }), { clientId: `client ${client}`, size: 5 });
    return new Set(Array.from({ length: 5 }, () => balancer.pick(list, batch) as Candidate));
  };

  it("gives every server about as many clients", () => {
    const seen = new Map<Candidate, number>(servers.map((server) => [server, 0]));
    for (let client = 0; client < 1_000; client++) {
      const some = subsetOf(client, servers);
      expect(some.size).toBe(5);
      for (const server of some) seen.set(server, (seen.get(server) ?? 0) + 1);
    }
    // 100 on average; drawn at random it would be 9.5 %.
    expect(spread([...seen.values()]).cv).toBeLessThan(0.15);
  });

  it("changes one place of a client at most when a server goes", () => {
    const without = servers.filter(({ id }) => id !== "n007");
    for (let client = 0; client < 200; client++) {
      const before = subsetOf(client, servers);
      const after = subsetOf(client, without);
      const gone = [...before].filter((server) => !after.has(server));
      expect(gone.length).toBeLessThanOrEqual(1);
      if (gone.length === 1) expect(gone[0]?.id).toBe("n007");
    }
  });

  it("cuts as the balancer inside does, for its own candidates", () => {
    const balancer = subset(consistentHash(), { clientId: "a", size: 3 });
    const parts = balancer.split?.(servers, seeded(2).traces({ items: 400 }));
    expect(parts?.size).toBe(3);
  });
});

describe("preferZone", () => {
  const inZones = (...zones: readonly string[]): Candidate[] =>
    zones.map((zone, index) => candidate(`n${String(index).padStart(3, "0")}`, { zone }));
  const zoneCounts = (list: readonly Candidate[], options = {}): ReadonlyMap<string, number> => {
    const balancer = preferZone(roundRobin({ random: randomOf(2) }), { zone: "a", random: randomOf(3), ...options });
    const counts = countOf(list, 20_000, () => balancer.pick(list, batch));
    const zones = new Map<string, number>();
    list.forEach(({ endpoint: { zone = "" } }, index) =>
      zones.set(zone, (zones.get(zone) ?? 0) + (counts[index] as number) / 20_000),
    );
    return zones;
  };

  it("stays here when our endpoints are enough for our part", () => {
    expect(zoneCounts(inZones("a", "a", "b", "b")).get("a")).toBe(1);
    expect(zoneCounts(inZones("a", "a", "a", "b")).get("a")).toBe(1);
  });

  it("sends the rest to zones that have room when they are not", () => {
    // A quarter of the endpoints for half of the traffic.
    const zones = zoneCounts(inZones("a", "b", "b", "b"));
    expect(zones.get("a")).toBeCloseTo(0.5, 1);
    expect(zones.get("b")).toBeCloseTo(0.5, 1);
    // b has none to spare, c has.
    const three = zoneCounts(inZones("a", "b", "b", "c", "c", "c"));
    expect(three.get("a")).toBeCloseTo(0.5, 1);
    expect(three.get("b")).toBeLessThan(0.01);
    expect(three.get("c")).toBeCloseTo(0.5, 1);
  });

  it("overruns no zone when every zone does the same (capacity plus 5 %)", () => {
    const list = inZones("a", "b", "b", "c", "c", "c", "c");
    const total = new Map<string, number>();
    for (const zone of ["a", "b", "c"]) {
      for (const [name, share] of zoneCounts(list, { zone })) total.set(name, (total.get(name) ?? 0) + share / 3);
    }
    for (const [zone, size] of [
      ["a", 1],
      ["b", 2],
      ["c", 4],
    ] as const) {
      expect(total.get(zone)).toBeLessThanOrEqual((size / 7) * 1.05);
    }
  });

  it("goes by what it is told about where traffic comes from", () => {
    expect(zoneCounts(inZones("a", "b", "b", "b"), { localTraffic: 0.25 }).get("a")).toBe(1);
  });

  it("goes everywhere when there are too few here, or none", () => {
    expect(zoneCounts(inZones("a", "b", "b", "b"), { minEndpoints: 2 }).get("a")).toBeCloseTo(0.25, 2);
    expect(zoneCounts(inZones("b", "c")).get("b")).toBeCloseTo(0.5, 2);
  });
});
