import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exponentIndex } from "./exponent-index.ts";

const scales = fc.integer({ min: -10, max: 20 });
const exponents = fc.integer({ min: -1074, max: 1023 });

/** The logarithm to the base of a scale, as exact as floating-point numbers allow. */
function position(value: number, scale: number): number {
  return Math.log2(value) * 2 ** scale;
}

describe("the bucket of a value", () => {
  it("ends with a power of two, and the next begins above it, at every scale", () => {
    fc.assert(
      fc.property(scales, exponents, (scale, exponent) => {
        const index = exponentIndex(2 ** exponent, scale);
        expect(index).toBe(Math.ceil(exponent * 2 ** scale) - 1);
      }),
    );
  });

  it("tells the neighbours of a power of two from it", () => {
    fc.assert(
      fc.property(scales, fc.integer({ min: -1021, max: 1022 }), (scale, exponent) => {
        const boundary = 2 ** exponent;
        const above = exponentIndex(boundary * (1 + Number.EPSILON), scale);
        const below = exponentIndex(boundary * (1 - Number.EPSILON / 2), scale);
        expect(above).toBe(Math.floor(exponent * 2 ** scale));
        expect(below).toBe(Math.ceil(exponent * 2 ** scale) - 1);
      }),
    );
  });

  it("holds the value between its boundaries", () => {
    fc.assert(
      fc.property(scales, fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }), (scale, value) => {
        const index = exponentIndex(value, scale);
        const at = position(value, scale);
        // What the logarithm itself may be wrong by.
        const slack = Math.abs(at) * 4 * Number.EPSILON + 2 ** scale * Number.EPSILON;
        expect(at).toBeGreaterThanOrEqual(index - slack);
        expect(at).toBeLessThanOrEqual(index + 1 + slack);
      }),
    );
  });

  it("is half, rounded down, at the next scale below", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -9, max: 20 }),
        fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }),
        (scale, value) => {
          expect(exponentIndex(value, scale - 1)).toBe(exponentIndex(value, scale) >> 1);
        },
      ),
    );
  });

  it("is known for the largest and the least of all numbers", () => {
    expect(exponentIndex(Number.MAX_VALUE, 20)).toBe(2 ** 30 - 1);
    expect(exponentIndex(Number.MAX_VALUE, 0)).toBe(1023);
    expect(exponentIndex(Number.MIN_VALUE, 0)).toBe(-1075);
  });
});
