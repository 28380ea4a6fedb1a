import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type TestCandidate, candidatesOf } from "../test/candidates.ts";
import { countOf, spread } from "../test/shares.ts";
import { hashText } from "./hash.ts";
import type { Placements } from "./placement.ts";
import { rendezvous } from "./rendezvous.ts";
import { ring } from "./ring.ts";

const keys = Array.from({ length: 60_000 }, (_, key) => hashText(`key ${key}`));

const methods: readonly (readonly [string, () => Placements, { cv: number; maxOverMean: number }])[] = [
  ["rendezvous", rendezvous, { cv: 0.025, maxOverMean: 1.045 }],
  ["ring of 160", () => ring(160), { cv: 0.11, maxOverMean: 1.22 }],
  ["ring of 1,024", () => ring(1_024), { cv: 0.045, maxOverMean: 1.09 }],
];

function ownersOf(placements: Placements, list: readonly TestCandidate[], some: readonly number[] = keys): string[] {
  const place = placements(list);
  return some.map((hash) => list[place(hash)]?.id ?? "nobody");
}

describe.each(methods)("%s", (_, make, bounds) => {
  it("spreads 60,000 keys over 10 endpoints within the bounds of its kind", () => {
    const list = candidatesOf(Array<number>(10).fill(1));
    const place = make()(list);
    const { cv, maxOverMean } = spread(countOf(list, keys.length, (key) => list[place(keys[key] as number)]));
    expect(cv).toBeLessThan(bounds.cv);
    expect(maxOverMean).toBeLessThan(bounds.maxOverMean);
  });

  it("gives shares of keys by weight", () => {
    const list = candidatesOf([1, 2, 4]);
    const place = make()(list);
    const counts = countOf(list, keys.length, (key) => list[place(keys[key] as number)]);
    for (const [index, weight] of [1, 2, 4].entries()) {
      const error = (counts[index] as number) / ((keys.length * weight) / 7) - 1;
      expect(Math.abs(error)).toBeLessThan(2 * bounds.cv);
    }
  });

  it("moves a tenth of the keys when one of ten goes, and no key between those that stay", () => {
    const list = candidatesOf(Array<number>(10).fill(1));
    const placements = make();
    const before = ownersOf(placements, list);
    const after = ownersOf(
      placements,
      list.filter(({ id }) => id !== "n004"),
    );
    const moved = before.filter((owner, key) => owner !== after[key]);
    expect(new Set(moved)).toEqual(new Set(["n004"]));
    expect(moved.length / keys.length).toBeGreaterThan(0.1 * (1 - 3 * bounds.cv));
    expect(moved.length / keys.length).toBeLessThan(0.1 * (1 + 3 * bounds.cv));
  });

  it("moves no key needlessly whatever comes, goes or weighs more (property)", () => {
    const some = keys.slice(0, 200);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0.5, 1, 2, 5), { minLength: 2, maxLength: 12 }),
        fc.nat(),
        fc.constantFrom("goes", "gains"),
        (weights, nth, what) => {
          const list = candidatesOf(weights);
          const changed = list[nth % list.length] as TestCandidate;
          const placements = make();
          const before = ownersOf(placements, list, some);
          if (what === "goes") {
            const after = ownersOf(
              placements,
              list.filter((one) => one !== changed),
              some,
            );
            before.forEach((owner, key) => expect(owner === changed.id || owner === after[key]).toBe(true));
          } else {
            changed.endpoint = { ...changed.endpoint, weight: (changed.endpoint.weight ?? 1) * 2 };
            const after = ownersOf(placements, [...list], some);
            before.forEach((owner, key) => expect(after[key] === changed.id || owner === after[key]).toBe(true));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is the same whatever lists it has seen before (property)", () => {
    const some = keys.slice(0, 50);
    const all = candidatesOf([1, 2, 1, 3, 1, 1, 2, 1]);
    const seasoned = make();
    fc.assert(
      fc.property(fc.subarray(all), (list) => {
        expect(ownersOf(seasoned, list, some)).toEqual(ownersOf(make(), list, some));
      }),
      { numRuns: 60 },
    );
  });

  it("goes on to the next when the first is full, and knows nobody when all are", () => {
    const list = candidatesOf([1, 1, 2]);
    const place = make()(list);
    for (const hash of keys.slice(0, 100)) {
      const full = new Uint8Array(3);
      for (let turn = 0; turn < 3; turn++) {
        const index = place(hash, full);
        expect(full[index]).toBe(0);
        full[index] = 1;
      }
      expect(place(hash, full)).toBe(-1);
    }
  });
});
