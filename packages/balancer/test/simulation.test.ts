import type { Balancer } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { consistentHash, leastConnections, peakEwma, roundRobin, weightedRoundRobin } from "../src/index.ts";
import { badCompany, checkedBadCompany, oneSlow, scaling, type Size, weights } from "./scenarios.ts";
import { type Result, type Scenario, shareError, shareOf, simulate, table } from "./simulation.ts";

const size: Size = { seed: 20_261_128, durationMs: 9_000, requestsPerSecond: 40, baseEjectionMs: 1_500 };

const inTurn = (random: () => number): Balancer => roundRobin({ random });
const byWeight = (): Balancer => weightedRoundRobin();
const byConnections = (random: () => number): Balancer => leastConnections({ random });
const byLatency = (random: () => number): Balancer => peakEwma({ random });
const byTrace = (): Balancer => consistentHash();

/** Runs them all, and finds that nothing was lost, whoever chooses. */
async function run(scenario: Scenario, ...makes: readonly ((random: () => number) => Balancer)[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const make of makes) results.push(await simulate(scenario, make));
  for (const { report } of results) {
    expect([report.missing, report.lost, report.unexpected]).toEqual([[], [], []]);
    expect(report.acknowledged).toBe(report.sent);
  }
  return results;
}

describe("a route in a simulation", () => {
  it("loses nothing while backends are slow, dead and flapping, leaves them out soon and takes them back", async () => {
    const scenario = badCompany(size);
    const results = await run(scenario, inTurn, byLatency, byTrace);
    console.log(table(scenario.name, results));
    for (const { balancer, ejectMs, restoreMs, failures, report } of results) {
      expect(failures).toBeLessThan(40);
      // Five failures in a row, at a fifth of the load. Who goes by latency is spared at once, and fails too seldom for it.
      if (balancer !== "peak-ewma") expect(ejectMs.get("c")).toBeLessThan(2_000);
      // Within its third ejection, which takes three times as long.
      expect(restoreMs.get("c")).toBeLessThan(5_000);
      expect(report.duplicate.length / report.received).toBeLessThan(0.02);
    }
  });

  it("takes back sooner who answers health checks again", async () => {
    const scenario = checkedBadCompany(size);
    const results = await run(scenario, inTurn);
    console.log(table(scenario.name, results));
    for (const { restoreMs } of results) expect(restoreMs.get("c")).toBeLessThan(3_000);
  });

  it("spares one that is slow when it goes by load: half of the p99 of round robin, or less", async () => {
    const scenario = oneSlow(size);
    const results = await run(scenario, inTurn, byConnections, byLatency);
    console.log(table(scenario.name, results, { "b's share": (r) => `${(shareOf(r, "b") * 100).toFixed(1)} %` }));
    const [plain, , latency] = results as [Result, Result, Result];
    expect(latency.p99).toBeLessThan(plain.p99 / 2);
    expect(shareOf(latency, "b")).toBeLessThan(0.02);
  });

  it("gives shares by weight", async () => {
    const scenario = weights(size);
    const wanted = { a: 1, b: 2, c: 4 };
    const results = await run(scenario, byWeight, byConnections, byTrace);
    console.log(
      table(scenario.name, results, { "share error": (r) => `${(shareError(r, wanted) * 100).toFixed(1)} %` }),
    );
    const [exact, ...others] = results as [Result, Result, Result];
    expect(shareError(exact, wanted)).toBeLessThan(0.01);
    for (const other of others) {
      expect(shareOf(other, "a")).toBeLessThan(shareOf(other, "b"));
      expect(shareOf(other, "b")).toBeLessThan(shareOf(other, "c"));
    }
    // Nobody came or went.
    expect(others.at(-1)?.wholeTraces).toBe(1);
  });

  it("loses and repeats nothing while backends come and go, and keeps traces whole by key", async () => {
    const scenario = scaling(size);
    const results = await run(scenario, inTurn, byTrace);
    console.log(table(scenario.name, results));
    for (const { failures, report } of results) expect([failures, report.duplicate.length]).toEqual([0, 0]);
    // Only what is under way while the list changes may be cut in two.
    expect(results.at(-1)?.wholeTraces).toBeGreaterThan(0.9);
  });
});
