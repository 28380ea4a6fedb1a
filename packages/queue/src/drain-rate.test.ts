import { describe, expect, it } from "vitest";
import { drainRate } from "./drain-rate.ts";

describe("the rate at which batches leave", () => {
  it("tells how long it will take until there is room", () => {
    let nowMs = 0;
    const rate = drainRate(() => nowMs);
    for (; nowMs <= 5000; nowMs += 100) rate.left(100_000);
    expect(rate.bytesPerSecond).toBeCloseTo(1e6, -5);
    expect(rate.msFor(2e6)).toBeGreaterThan(1700);
    expect(rate.msFor(2e6)).toBeLessThanOrEqual(2000);
    expect(rate.msFor(1)).toBe(100);
    expect(rate.msFor(1e9)).toBe(30_000);
  });

  it("is a guess of a second while nothing is known", () => {
    expect(drainRate(() => 0).msFor(1)).toBe(1000);
  });

  it("asks for more patience the longer nothing has left", () => {
    let nowMs = 0;
    const rate = drainRate(() => nowMs);
    for (; nowMs < 5000; nowMs += 100) rate.left(100_000);
    nowMs += 10_000;
    expect(rate.msFor(1)).toBeGreaterThanOrEqual(10_000);
    nowMs += 100_000;
    expect(rate.msFor(1)).toBe(30_000);
    rate.left(100_000);
    expect(rate.msFor(1)).toBe(100);
  });
});
