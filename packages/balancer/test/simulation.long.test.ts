// The simulation over minutes of load and many seeds, as long as OTLPKIT_LONG_SECONDS allows; ten minutes in full.
import type { Balancer } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { consistentHash, leastConnections, peakEwma, roundRobin, weightedRoundRobin } from "../src/index.ts";
import { badCompany, checkedBadCompany, oneSlow, scaling, type Size, weights } from "./scenarios.ts";
import { type Result, shareError, shareOf, simulate, table } from "./simulation.ts";

const maxMs = Number(process.env["OTLPKIT_LONG_SECONDS"] ?? 600) * 1_000;

const balancers: readonly ((random: () => number) => Balancer)[] = [
  (random) => roundRobin({ random }),
  () => weightedRoundRobin(),
  (random) => leastConnections({ random }),
  (random) => peakEwma({ random }),
  () => consistentHash(),
  () => consistentHash({ method: "ring" }),
  () => consistentHash({ loadFactor: 1.25 }),
];
const wanted = { a: 1, b: 2, c: 4 };
const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

describe("a route in long simulations", () => {
  it("loses nothing that was acknowledged, whatever happens to its endpoints", async () => {
    const endsAtMs = performance.now() + maxMs;
    for (let seed = 1; performance.now() < endsAtMs; seed++) {
      const size: Size = { seed, durationMs: 120_000, requestsPerSecond: 60, baseEjectionMs: 30_000 };
      for (const scenario of [badCompany(size), checkedBadCompany(size), oneSlow(size), weights(size), scaling(size)]) {
        const results: Result[] = [];
        for (const make of balancers) {
          // One of each kind at least.
          if (results.length > 0 && performance.now() >= endsAtMs) break;
          const result = await simulate(scenario, make);
          const { report } = result;
          expect([result.balancer, seed, report.missing, report.lost]).toEqual([result.balancer, seed, [], []]);
          expect(report.acknowledged).toBe(report.sent);
          expect([result.balancer, seed, report.duplicate.length / report.received < 0.02]).toEqual([
            result.balancer,
            seed,
            true,
          ]);
          results.push(result);
        }
        console.log(
          table(`seed ${seed}: ${scenario.name}`, results, {
            "b's share": (result) => percent(shareOf(result, "b")),
            "error of 1:2:4": (result) => percent(shareError(result, wanted)),
          }),
        );
      }
    }
  });
});
