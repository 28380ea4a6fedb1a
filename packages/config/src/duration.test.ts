import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "./index.ts";

describe("parseDuration", () => {
  it.each([
    ["200ms", 200],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["1.s", 1000],
    ["0", 0],
    ["0s", 0],
    ["-2s", -2000],
    ["+2s", 2000],
    ["10us", 0.01],
    ["10µs", 0.01],
    ["10μs", 0.01],
    ["100ns", 0.0001],
    ["2h45m30.5s", 9_930_500],
  ])("reads %s as Go does", (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 9);
  });

  it.each(["", "-", "5", "s", "5 s", "1d", "1s2", "x1s", "1s ", "1..5s", "1e3s", "five"])(
    "has no answer for %j",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it("reads what formatDuration writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * 3_600_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 6);
      }),
    );
  });
});

describe("formatDuration", () => {
  it("is short", () => {
    expect([0, 200, 90_000, 3_600_000, 1500, -250].map(formatDuration)).toEqual([
      "0s",
      "200ms",
      "1m30s",
      "1h",
      "1.5s",
      "-250ms",
    ]);
  });
});
