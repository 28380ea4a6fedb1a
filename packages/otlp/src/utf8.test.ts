import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { invalidUtf8 } from "./utf8.ts";

const strict = new TextDecoder("utf-8", { fatal: true });

function check(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  return invalidUtf8(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), start, end);
}

function isText(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Bytes that are often nearly right: the leads and continuations at which rules change. */
const awkward = fc.constantFrom(
  0x00,
  0x41,
  0x7f,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0xc0,
  0xc1,
  0xc2,
  0xdf,
  0xe0,
  0xe1,
  0xed,
  0xef,
  0xf0,
  0xf1,
  0xf4,
  0xf5,
  0xff,
);

describe("the UTF-8 check", () => {
  it("agrees with the platform's strict decoder about any bytes", () => {
    fc.assert(
      fc.property(fc.array(awkward, { maxLength: 24 }), (bytes) => {
        const body = Uint8Array.from(bytes);
        expect(check(body) === -1).toBe(isText(body));
      }),
      { numRuns: 5000 },
    );
  });

  it("takes any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        expect(check(new TextEncoder().encode(text))).toBe(-1);
      }),
    );
  });

  it.each([
    ["an overlong slash", [0xc0, 0xaf]],
    ["an overlong character of three bytes", [0xe0, 0x80, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point above 10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a character cut short", [0xe2, 0x82]],
    ["a continuation on its own", [0x80]],
  ])("says where %s begins, wherever that is", (_, bytes) => {
    for (let before = 0; before < 20; before++) {
      for (let after = 0; after < 12; after++) {
        const body = new Uint8Array([
          ...Array<number>(before).fill(0x61),
          ...bytes,
          ...Array<number>(after).fill(0x62),
        ]);
        expect(check(body)).toBe(before);
      }
    }
  });

  it("looks at nothing outside its range", () => {
    const body = Uint8Array.of(0xff, 0x61, 0xc3, 0xa9, 0x62, 0xff);
    expect(check(body, 1, 5)).toBe(-1);
    expect(check(body, 1, 3)).toBe(2);
    expect(check(body.subarray(1), 0, 4)).toBe(-1);
  });
});
