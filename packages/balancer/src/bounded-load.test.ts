import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidatesOf } from "../test/candidates.ts";
import { fullOnes } from "./bounded-load.ts";
import { hashText } from "./hash.ts";
import { rendezvous } from "./rendezvous.ts";

describe("bounded load", () => {
  it("lets nobody have more than its bound, and always finds somebody (property)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(1, 2, 4), { minLength: 1, maxLength: 10 }),
        fc.constantFrom(1, 1.25, 2),
        // Few different keys, so that some would be overrun.
        fc.array(fc.nat(5), { maxLength: 80 }),
        (weights, factor, sends) => {
          const list = candidatesOf(weights);
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const place = rendezvous()(list);
          for (const [sent, key] of sends.entries()) {
            const index = place(hashText(`key ${key}`), fullOnes(list, factor));
            const chosen = list[index];
            expect(chosen).toBeDefined();
            if (chosen === undefined) return;
            chosen.inFlight++;
            expect(chosen.inFlight).toBeLessThanOrEqual(Math.ceil((factor * (sent + 1) * chosen.weight) / total));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("moves keys on overload only", () => {
    const list = candidatesOf([1, 1, 1, 1]);
    const place = rendezvous()(list);
    const hash = hashText("hot");
    const owner = place(hash);
    expect(place(hash, fullOnes(list, 1.25))).toBe(owner);
    for (let turn = 0; turn < 100; turn++) {
      const index = place(hash, fullOnes(list, 1.25));
      (list[index] as (typeof list)[number]).inFlight++;
    }
    expect(Math.max(...list.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(32);
    for (const candidate of list) candidate.inFlight = 0;
    expect(place(hash, fullOnes(list, 1.25))).toBe(owner);
  });
});
