import type { Balancer } from "@otlpkit/core";
import { seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { candidatesOf, type TestCandidate } from "../test/candidates.ts";
import { countOf } from "../test/shares.ts";
import { leastConnections, peakEwma } from "./index.ts";
import { latency } from "./latency.ts";

const batch = seeded(1).traces({ items: 1 });

function randomOf(seed: number): () => number {
  const data = seeded(seed);
  return () => data.random();
}

describe("leastConnections", () => {
  it("keeps bins level: 100,000 balls in 100 bins, the fullest a few above the mean", () => {
    const list = candidatesOf(Array<number>(100).fill(1));
    const balancer = leastConnections({ random: randomOf(3) });
    for (let ball = 0; ball < 100_000; ball++) (balancer.pick(list, batch) as TestCandidate).inFlight++;
    // Random choice is about 78 above.
    expect(Math.max(...list.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(1_000 + 5);
  });

  it("levels by weight", () => {
    const list = candidatesOf([1, 2, 4, 1, 2, 4]);
    const balancer = leastConnections({ random: randomOf(4) });
    for (let ball = 0; ball < 14_000; ball++) (balancer.pick(list, batch) as TestCandidate).inFlight++;
    for (const { inFlight, weight } of list) expect(Math.abs(inFlight / (1_000 * weight) - 1)).toBeLessThan(0.02);
  });

  it("gives one that takes ten times as long about a tenth", () => {
    const { shares } = load(leastConnections({ random: randomOf(5) }), [10, 1, 1, 1, 1], 1);
    expect(shares[0]).toBeLessThan(0.2 * 0.25);
    expect(shares[0]).toBeGreaterThan(0.2 * 0.04);
  });
});

describe("peakEwma", () => {
  it("takes nearly all from one that takes ten times as long", () => {
    const { shares } = load(peakEwma({ random: randomOf(6) }), [10, 1, 1, 1, 1], 10);
    expect(shares[0]).toBeLessThan(0.2 * 0.1);
    expect(shares[0]).toBeGreaterThan(0);
  });

  it("does not run a new one over: one request until it has answered", () => {
    const list = candidatesOf([1, 1, 1, 1]);
    for (const one of list.slice(1)) one.latencyMs = 5;
    const balancer = peakEwma({ random: randomOf(7) });
    const counts = countOf(list, 200, () => {
      const chosen = balancer.pick(list, batch) as TestCandidate;
      chosen.inFlight++;
      return chosen;
    });
    // More only when the others have so much to do that it is the better one all the same.
    expect(counts[0]).toBe(1);
  });

  it("refuses options that make no sense", () => {
    expect(() => peakEwma({ unmeasuredMs: -1 })).toThrow(RangeError);
  });
});

describe("latency", () => {
  it("jumps up at once, comes down with time, and fades", () => {
    let nowMs = 0;
    const seen = latency(10_000, () => nowMs);
    expect(seen.value()).toBeUndefined();
    seen.observe(10);
    seen.observe(500);
    expect(seen.value()).toBe(500);
    nowMs = 10_000;
    seen.observe(10);
    expect(seen.value()).toBeCloseTo(10 + 490 / Math.E, 5);
    nowMs = 40_000;
    expect(seen.value()).toBeLessThan(10);
  });
});

describe("latency of failures", () => {
  it("counts one as four times the average, up to a second, however fast it was", () => {
    const seen = latency(10_000, () => 0);
    seen.observe(10);
    const after: (number | undefined)[] = [];
    for (let n = 0; n < 5; n++) {
      seen.observeFailure(1);
      after.push(seen.value());
    }
    expect(after).toEqual([40, 160, 640, 1_000, 1_000]);
    seen.observeFailure(3_000);
    expect(seen.value()).toBe(3_000);
    seen.forget();
    seen.observeFailure(1);
    expect(seen.value()).toBe(1_000);
  });
});

/** 6,000 requests, one every so many ms, to endpoints that take so many units of 20 ms each. */
function load(balancer: Balancer, times: readonly number[], everyMs: number): { shares: readonly number[] } {
  const list = candidatesOf(times.map(() => 1));
  let nowMs = 0;
  const latencies = list.map(() => latency(10_000, () => nowMs));
  const ends: { atMs: number; index: number; tookMs: number }[] = [];
  const counts = countOf(list, 6_000, () => {
    nowMs += everyMs;
    for (const end of ends.filter(({ atMs }) => atMs <= nowMs)) {
      ends.splice(ends.indexOf(end), 1);
      (list[end.index] as TestCandidate).inFlight--;
      latencies[end.index]?.observe(end.tookMs);
    }
    list.forEach((one, index) => (one.latencyMs = latencies[index]?.value()));
    const chosen = balancer.pick(list, batch) as TestCandidate;
    const index = list.indexOf(chosen);
    chosen.inFlight++;
    const tookMs = (times[index] as number) * 20;
    ends.push({ atMs: nowMs + tookMs, index, tookMs });
    return chosen;
  });
  return { shares: counts.map((count) => count / 6_000) };
}
