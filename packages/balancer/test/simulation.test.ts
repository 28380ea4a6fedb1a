import { describe, expect, it } from "vitest";
import { consistentHash, leastConnections, peakEwma, roundRobin, weightedRoundRobin } from "../src/index.ts";
import { badCompany, oneSlow, scaling, type Size, weights } from "./scenarios.ts";
import { type Result, shareError, simulate, table } from "./simulation.ts";

const size: Size = { seed: 20_261_128, durationMs: 24_000, requestsPerSecond: 60 };

const balancers = [
  (random: () => number) => roundRobin({ random }),
  () => weightedRoundRobin(),
  (random: () => number) => leastConnections({ random }),
  (random: () => number) => peakEwma({ random }),
  () => consistentHash(),
];

const ms = (value: number | undefined): string => (value === undefined ? "-" : `${Math.round(value)} ms`);

function nothingLost({ report }: Result): void {
  expect(report.missing).toEqual([]);
  expect(report.lost).toEqual([]);
  expect(report.unexpected).toEqual([]);
  expect(report.acknowledged).toBe(report.sent);
}

describe("a simulated day of a route", () => {
  it("loses nothing while backends are slow, dead and flapping, and finds out soon", async () => {
    const results: Result[] = [];
    for (const make of balancers) results.push(await simulate(badCompany(size), make));
    console.log(
      table(badCompany(size).name, results, {
        "c left out after": ({ ejectMs }) => ms(ejectMs.get("c")),
        "c back after": ({ restoreMs }) => ms(restoreMs.get("c")),
        "d left out after": ({ ejectMs }) => ms(ejectMs.get("d")),
      }),
    );
    for (const result of results) {
      nothingLost(result);
      // Five failures in a row, at a fifth of the load.
      expect(result.ejectMs.get("c")).toBeLessThan(2_500);
      expect(result.report.duplicate.length / result.report.received).toBeLessThan(0.02);
    }
  });

  it("spares one that is slow when it goes by load, by more than half of the p99 of round robin", async () => {
    const [inTurn, , byConnections, byLatency] = await Promise.all(
      balancers.map((make) => simulate(oneSlow(size), make)),
    );
    const results = [inTurn, byConnections, byLatency] as Result[];
    console.log(table(oneSlow(size).name, results, { "b's share": (r) => `${share(r, "b").toFixed(1)} %` }));
    for (const result of results) nothingLost(result);
    const [p99 = 0, ofConnections = 0, ofLatency = 0] = results.map((result) => result.p99);
    expect(ofConnections).toBeLessThan(p99);
    expect(ofLatency).toBeLessThan(p99 / 2);
  });

  it("gives shares by weight", async () => {
    const results = await Promise.all(balancers.slice(1).map((make) => simulate(weights(size), make)));
    const wanted = { a: 1, b: 2, c: 4 };
    console.log(
      table(weights(size).name, results, { "share error": (r) => `${(shareError(r, wanted) * 100).toFixed(1)} %` }),
    );
    for (const result of results) nothingLost(result);
    const [exact, ...others] = results.map((result) => shareError(result, wanted));
    expect(exact).toBeLessThan(0.01);
    for (const error of others) expect(error).toBeLessThan(0.15);
  });

  it("loses nothing while backends come and go, and keeps traces whole by key", async () => {
    const results = await Promise.all(balancers.map((make) => simulate(scaling(size), make)));
    console.log(table(scaling(size).name, results));
    for (const result of results) {
      nothingLost(result);
      expect(result.failures).toBe(0);
      expect(result.report.duplicate).toEqual([]);
    }
    // Only traces that are under way while the list changes may be cut in two.
    expect(results.at(-1)?.wholeTraces).toBeGreaterThan(0.9);
    const calm = await simulate(weights(size), () => consistentHash());
    expect(calm.wholeTraces).toBe(1);
  });
});

function share({ answered }: Result, id: string): number {
  const all = [...answered.values()].reduce((sum, count) => sum + count, 0);
  return ((answered.get(id) ?? 0) / all) * 100;
}
