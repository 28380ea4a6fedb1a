import { seeded } from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidatesOf } from "../test/candidates.ts";
import { countOf } from "../test/shares.ts";
import { roundRobin, weightedRoundRobin } from "./index.ts";

const batch = seeded(1).traces({ items: 1 });

describe("roundRobin", () => {
  it("begins where chance says, and then goes round", () => {
    const list = candidatesOf([1, 1, 1]);
    const balancer = roundRobin({ random: () => 0.5 });
    expect(Array.from({ length: 4 }, () => balancer.pick(list, batch)?.id)).toEqual(["n001", "n002", "n000", "n001"]);
  });

  it("never differs by more than one, whatever the number of picks (property)", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.nat(300),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (n, picks, at) => {
          const list = candidatesOf(Array<number>(n).fill(1));
          const balancer = roundRobin({ random: () => at });
          const counts = countOf(list, picks, () => balancer.pick(list, batch));
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("weightedRoundRobin", () => {
  it("makes aabacaa of 5, 1 and 1", () => {
    const list = candidatesOf([5, 1, 1]);
    const balancer = weightedRoundRobin();
    const names = Array.from({ length: 7 }, () => balancer.pick(list, batch)?.id);
    expect(names.map((id) => "abc"[Number(id?.slice(1))]).join("")).toBe("aabacaa");
  });

  it("gives everyone exactly its weight in a cycle (property)", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 }), (weights) => {
        const cycle = weights.reduce((sum, weight) => sum + weight, 0);
        const list = candidatesOf(weights);
        const balancer = weightedRoundRobin();
        for (let turn = 0; turn < 2; turn++) {
          if (cycle > 0) expect(countOf(list, cycle, () => balancer.pick(list, batch))).toEqual(weights);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("does not begin anew when weights change", () => {
    const list = candidatesOf([3, 1]);
    const balancer = weightedRoundRobin();
    const counts = countOf(list, 4_000, (turn) => {
      // A new list at every pick, as while endpoints start slowly.
      const [heavy, light] = list;
      if (heavy !== undefined) heavy.weight = 3 + (turn % 2) / 100;
      if (light !== undefined) light.weight = 1;
      return balancer.pick([...list], batch);
    });
    expect((counts[0] as number) / 4_000).toBeCloseTo(0.75, 2);
  });
});
