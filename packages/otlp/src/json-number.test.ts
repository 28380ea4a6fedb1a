import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numberEnd, readDouble, readInteger } from "./json-number.ts";
import type { FieldKind } from "./generated/schema.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The value that the bits stand for, or what is wrong. */
function read(text: string, kind: FieldKind): bigint | string {
  const words = { low: 0, high: 0 };
  const bytes = bytesOf(text);
  const complaint = readInteger(bytes, 0, bytes.length, kind, words);
  if (complaint !== undefined) return complaint;
  const bits = (BigInt(words.high) << 32n) | BigInt(words.low);
  if (kind === "sint32") return (bits >> 1n) ^ -(bits & 1n);
  return kind.startsWith("u") || kind === "fixed32" || kind === "fixed64" ? bits : BigInt.asIntN(64, bits);
}

const ranges: readonly (readonly [FieldKind, bigint, bigint])[] = [
  ["int32", -(2n ** 31n), 2n ** 31n - 1n],
  ["enum", -(2n ** 31n), 2n ** 31n - 1n],
  ["sint32", -(2n ** 31n), 2n ** 31n - 1n],
  ["uint32", 0n, 2n ** 32n - 1n],
  ["fixed32", 0n, 2n ** 32n - 1n],
  ["int64", -(2n ** 63n), 2n ** 63n - 1n],
  ["sfixed64", -(2n ** 63n), 2n ** 63n - 1n],
  ["uint64", 0n, 2n ** 64n - 1n],
  ["fixed64", 0n, 2n ** 64n - 1n],
];

describe("whole numbers", () => {
  it.for(ranges)("of kind %s are exact up to both ends of the range and refused beyond", ([kind, min, max]) => {
    for (const value of [min, min + 1n, 0n, 1n, max - 1n, max]) {
      expect(read(String(value), kind)).toBe(value);
      expect(read(`${value}.000`, kind)).toBe(value);
      expect(read(`${value}00e-2`, kind)).toBe(value);
    }
    for (const value of [min - 1n, max + 1n, max * 10n, -(10n ** 20n), 10n ** 20n, 10n ** 40n]) {
      expect(read(String(value), kind)).toBe(`out of the range of ${kind}`);
    }
  });

  it("of 64 bits agree with BigInt", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 64n), (value, shift) => {
        expect(read(String(value >> shift), "uint64")).toBe(value >> shift);
      }),
    );
  });

  it("may be written with an exponent", () => {
    expect(read("1e3", "int64")).toBe(1000n);
    expect(read("-2.0", "int32")).toBe(-2n);
    expect(read("1.8446744073709551615E+19", "uint64")).toBe(18446744073709551615n);
    expect(read("0e999999999999", "int64")).toBe(0n);
    expect(read("-0", "uint64")).toBe(0n);
    expect(read("1.5", "int64")).toBe("expected a whole number");
    expect(read("1e-1", "int64")).toBe("expected a whole number");
    expect(read("1e999999999999", "int64")).toBe("out of the range of int64");
  });
});

describe("doubles", () => {
  it("are what Number makes of the text", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat(20), (value, digits) => {
        for (const text of [String(value), value.toFixed(digits), value.toExponential(digits), value.toPrecision(17)]) {
          const bytes = bytesOf(text);
          expect(readDouble(bytes, 0, bytes.length)).toBe(Number(text));
        }
      }),
    );
    expect(readDouble(bytesOf("-0"), 0, 2)).toBe(-0);
  });
});

describe("the end of a number", () => {
  it("is where JSON's grammar ends it", () => {
    expect(numberEnd(bytesOf("-12.5e+3,"), 0, 9)).toBe(8);
    for (const text of ["", "-", "01", "1.", ".1", "1e", "1e+", "+1", "x"])
      expect(numberEnd(bytesOf(text), 0, text.length)).toBe(-1);
  });
});
