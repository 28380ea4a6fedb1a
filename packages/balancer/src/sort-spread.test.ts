import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sortSpread } from "./sort-spread.ts";

describe("sortSpread", () => {
  it("sorts as a sort by comparison does, evenly spread or not (property)", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(999), { maxLength: 200 }), (numbers) => {
        const array = Float64Array.from(numbers);
        expect(sortSpread(array, 1_000)).toEqual(array.toSorted());
      }),
      { numRuns: 200 },
    );
  });
});
