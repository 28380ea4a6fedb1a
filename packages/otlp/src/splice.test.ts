import { describe, expect, it } from "vitest";
import { splice } from "./splice.ts";

// A message 1 { 2 "ab", 3 {}, 4 = 1 } 5 = 2, with the positions of everything.
const body = Uint8Array.of(0x0a, 8, 0x12, 2, 0x61, 0x62, 0x1a, 0, 0x20, 1, 0x28, 2);
const inner = 2;
const innermost = 8;
const field = Uint8Array.of(0x30, 7);

function spliced(...edits: { within: number; start: number; end: number; bytes?: Uint8Array }[]): number[] {
  return [
    ...splice(
      body,
      edits.map((edit) => ({ bytes: new Uint8Array(0), ...edit })),
    ),
  ];
}

describe("splice", () => {
  it("puts fields in and corrects the length of the message around them", () => {
    expect(spliced({ within: inner, start: 2, end: 2, bytes: field })).toEqual([
      0x0a,
      10,
      ...field,
      ...body.subarray(2),
    ]);
    expect(spliced({ within: innermost, start: 8, end: 8, bytes: field })).toEqual([
      0x0a,
      10,
      0x12,
      2,
      0x61,
      0x62,
      0x1a,
      2,
      ...field,
      0x20,
      1,
      0x28,
      2,
    ]);
  });

  it("tells the end of a message from the place after it by what it is within", () => {
    expect(spliced({ within: inner, start: 10, end: 10, bytes: field })).toEqual([
      0x0a,
      10,
      ...body.subarray(2, 10),
      ...field,
      0x28,
      2,
    ]);
    expect(spliced({ within: 0, start: 10, end: 10, bytes: field })).toEqual([
      ...body.subarray(0, 10),
      ...field,
      0x28,
      2,
    ]);
    expect(
      spliced(
        { within: 0, start: 10, end: 10, bytes: Uint8Array.of(0x38, 1) },
        { within: inner, start: 10, end: 10, bytes: field },
      ),
    ).toEqual([0x0a, 10, ...body.subarray(2, 10), ...field, 0x38, 1, 0x28, 2]);
  });

  it("takes fields out, one or several", () => {
    expect(spliced({ within: inner, start: 2, end: 6 })).toEqual([0x0a, 4, 0x1a, 0, 0x20, 1, 0x28, 2]);
    expect(spliced({ within: inner, start: 2, end: 8 })).toEqual([0x0a, 2, 0x20, 1, 0x28, 2]);
    expect(spliced({ within: 0, start: 0, end: 12 })).toEqual([]);
  });

  it("makes several changes in any order", () => {
    expect(
      spliced(
        { within: 0, start: 12, end: 12, bytes: field },
        { within: inner, start: 8, end: 10, bytes: Uint8Array.of(0x20, 9) },
        { within: inner, start: 2, end: 6 },
      ),
    ).toEqual([0x0a, 4, 0x1a, 0, 0x20, 9, 0x28, 2, ...field]);
  });

  it("widens the length when it needs another byte", () => {
    const long = new Uint8Array(200).fill(0x30);
    const result = splice(body, [{ within: inner, start: 10, end: 10, bytes: long }]);
    expect([...result.subarray(0, 3)]).toEqual([0x0a, 0x80 | (208 & 0x7f), 1]);
    expect(result.length).toBe(body.length + 201);
  });

  it("hands the body back when there is nothing to do", () => {
    expect(splice(body, [])).toBe(body);
  });

  it.each([
    [{ within: inner, start: 3, end: 3 }],
    [{ within: inner, start: 2, end: 5 }],
    [{ within: inner, start: 8, end: 12 }],
    [{ within: 7, start: 7, end: 7 }],
    [{ within: 0, start: 99, end: 99 }],
    [{ within: 0, start: 12, end: 10 }],
  ])("refuses a change that is not between fields: %o", (edit) => {
    expect(() => spliced(edit)).toThrow(RangeError);
  });

  it("refuses changes that overlap", () => {
    const first = { within: inner, start: 2, end: 8 };
    expect(() => spliced(first, { within: inner, start: 6, end: 8 })).toThrow(RangeError);
  });
});
