import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BreakerOptions, breakerOptions, circuitBreaker } from "./circuit-breaker.ts";
import type { Verdict } from "./verdict.ts";

function breakerOf(options: BreakerOptions = {}) {
  const breaker = circuitBreaker(breakerOptions({ jitter: 0, ...options }), () => 0.5);
  const answer = (verdict: Verdict, nowMs: number): void => breaker.ended(verdict, breaker.began(nowMs), nowMs);
  return { breaker, answer };
}

describe("circuitBreaker", () => {
  it("opens at half of twenty, and not before", () => {
    const { breaker, answer } = breakerOf();
    for (let n = 0; n < 10; n++) answer("sick", 0);
    for (let n = 0; n < 9; n++) answer("well", 0);
    expect(breaker.stateAt(0)).toBe("closed");
    answer("well", 0);
    expect(breaker.stateAt(0)).toBe("open");
    expect(breaker.allows(4_999)).toBe(false);
    expect(breaker.opensAgainAtMs).toBe(5_000);
  });

  it("forgets what is older than its window", () => {
    const { breaker, answer } = breakerOf();
    for (let n = 0; n < 19; n++) answer("sick", 500);
    answer("well", 10_900);
    for (let n = 0; n < 18; n++) answer("well", 11_000);
    answer("sick", 11_000);
    expect(breaker.stateAt(11_000)).toBe("closed");
  });

  it("lets three through after a while, and closes when all are well", () => {
    const { breaker, answer } = breakerOf();
    for (let n = 0; n < 20; n++) answer("sick", 0);
    expect(breaker.stateAt(5_000)).toBe("half-open");
    const probes = [breaker.began(5_000), breaker.began(5_000), breaker.began(5_000)];
    expect(probes).toEqual([true, true, true]);
    expect(breaker.allows(5_000)).toBe(false);
    breaker.ended("well", true, 5_100);
    breaker.ended("well", true, 5_100);
    expect(breaker.allows(5_100)).toBe(false);
    breaker.ended("well", true, 5_100);
    expect(breaker.stateAt(5_100)).toBe("closed");
    expect(breaker.allows(5_100)).toBe(true);
  });

  it("opens again for twice as long when a probe fails, up to half a minute", () => {
    const { breaker, answer } = breakerOf();
    for (let n = 0; n < 20; n++) answer("sick", 0);
    const lengths: number[] = [];
    for (let n = 0; n < 4; n++) {
      const nowMs = breaker.opensAgainAtMs;
      answer("sick", nowMs);
      lengths.push(breaker.opensAgainAtMs - nowMs);
    }
    expect(lengths).toEqual([10_000, 20_000, 30_000, 30_000]);
  });

  it("lets another probe through when one said nothing about the endpoint", () => {
    const { breaker, answer } = breakerOf({ probes: 1 });
    for (let n = 0; n < 20; n++) answer("sick", 0);
    answer("neither", 5_000);
    expect(breaker.allows(5_000)).toBe(true);
    answer("well", 5_000);
    expect(breaker.stateAt(5_000)).toBe("closed");
  });

  it("learns nothing from what began before it opened", () => {
    const { breaker, answer } = breakerOf();
    const before = breaker.began(0);
    for (let n = 0; n < 20; n++) answer("sick", 0);
    breaker.ended("sick", before, 6_000);
    expect(breaker.stateAt(6_000)).toBe("half-open");
  });

  it("leaves part of the time to chance", () => {
    const { breaker, answer } = breakerOf({ jitter: 0.2 });
    for (let n = 0; n < 20; n++) answer("sick", 0);
    expect(breaker.opensAgainAtMs).toBe(5_500);
  });

  it("never has more probes under way than allowed, and closes in the end (property)", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.record({ verdict: fc.constantFrom<Verdict>("well", "sick", "neither"), stepMs: fc.nat(4_000) })),
        (probes, answers) => {
          const { breaker } = breakerOf({ probes });
          let nowMs = 0;
          let underWay = 0;
          for (const { verdict, stepMs } of answers) {
            nowMs += stepMs;
            while (breaker.stateAt(nowMs) === "half-open" && breaker.allows(nowMs) && breaker.began(nowMs)) underWay++;
            expect(underWay).toBeLessThanOrEqual(probes);
            if (underWay > 0) breaker.ended(verdict, underWay-- > 0, nowMs);
            else breaker.ended(verdict, false, nowMs);
          }
          for (let n = 0; n < 100 && breaker.stateAt(nowMs) !== "closed"; n++) {
            nowMs += 30_000;
            while (underWay > 0) breaker.ended("well", underWay-- > 0, nowMs);
            while (breaker.stateAt(nowMs) === "half-open" && breaker.allows(nowMs)) {
              breaker.ended("well", breaker.began(nowMs), nowMs);
            }
          }
          expect(breaker.stateAt(nowMs)).toBe("closed");
        },
      ),
      { numRuns: 200 },
    );
  });

  it("refuses options that make no sense", () => {
    for (const options of [{ windowMs: 0 }, { probes: 0 }, { jitter: 2 }]) {
      expect(() => breakerOptions(options)).toThrow(RangeError);
    }
  });
});
