import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as ofBrowsers from "../text.browser.ts";
import { textInto, utf8Size } from "#text";
import { Output } from "./output.ts";
import { anyText } from "./recorded.test.ts";

const encoder = new TextEncoder();

describe("text", () => {
  it("is written with the same bytes on every platform, and as long as foretold", () => {
    fc.assert(
      fc.property(anyText, fc.nat(5), (text, at) => {
        const expected = encoder.encode(text);
        for (const platform of [{ textInto, utf8Size }, ofBrowsers]) {
          const bytes = new Uint8Array(at + text.length * 3);
          expect(platform.textInto(bytes)(text, at)).toBe(expected.length);
          expect(bytes.subarray(at, at + expected.length)).toEqual(expected);
          expect(platform.utf8Size(text)).toBe(expected.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("has its length in front, however many bytes its characters take", () => {
    for (const unit of ["x", "é", "走", "🏃", "\ud800"]) {
      for (const length of [1, 15, 16, 17, 42, 43, 63, 64, 127, 128, 5461, 5462, 16_383, 16_384, 16_385, 50_000]) {
        const output = new Output();
        const text = unit.repeat(length);
        const end = output.textField(3, 0x0a, text);
        const content = encoder.encode(text);
        const start = end - content.length;
        expect(output.bytes.subarray(start, end)).toEqual(content);
        expect(output.bytes.slice(3, start)).toEqual(Uint8Array.of(0x0a, ...varint(content.length)));
      }
    }
  });
});

describe("the output", () => {
  it("grows as needed, and shrinks back some chunks after a burst", () => {
    const output = new Output();
    const usual = output.bytes.length;
    output.room(0, 10_000_000);
    expect(output.bytes.length).toBeGreaterThan(10_000_000);
    output.restart(10_000_000);
    expect(output.bytes.length).toBeGreaterThan(10_000_000);
    for (let chunk = 0; chunk < 30; chunk++) output.restart(1000);
    expect(output.bytes.length).toBeLessThan(usual * 8);
  });
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
