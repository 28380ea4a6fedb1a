import type { Balancer, Candidate } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { balancerCases, type BalancerCaseOptions, runCases } from "../index.ts";

async function failures(make: () => Balancer, options: BalancerCaseOptions): Promise<string[]> {
  const { failed } = await runCases((runner) => balancerCases(runner, make, options));
  return failed.map(({ name }) => name);
}

const balancer = (pick: (candidates: readonly Candidate[], turn: number) => Candidate | undefined): Balancer => {
  let turn = 0;
  return { name: "by hand", pick: (candidates) => pick(candidates, turn++) };
};

const inTurn = (): Balancer => balancer((candidates, turn) => candidates[turn % candidates.length]);

describe("balancerCases", () => {
  it("passes one that goes round", async () => {
    expect(await failures(inTurn, { shares: "evenly" })).toEqual([]);
  });

  it("catches one that claims to mind weights and does not", async () => {
    expect(await failures(inTurn, { shares: "by weight" })).toEqual(["gives everyone a share of its weight"]);
  });

  it("catches one that leaves somebody out", async () => {
    const first = (): Balancer => balancer((candidates) => candidates[0]);
    expect(await failures(first, { shares: "evenly" })).toEqual([
      "chooses among those who all weigh nothing",
      "gives everyone an equal share when all weigh the same",
      "does not mind weights",
    ]);
  });

  it("catches one that remembers whom it was given before", async () => {
    const stubborn = (): Balancer => {
      let chosen: Candidate | undefined;
      return balancer((candidates) => (chosen ??= candidates[0]));
    };
    expect(await failures(stubborn, { shares: "evenly" })).toEqual(
      expect.arrayContaining([
        "chooses from the list that it is given, whatever it was given before",
        "finds another when the first choice was tried in vain",
      ]),
    );
  });

  it("catches one that sorts what it is given", async () => {
    const sorting = (): Balancer =>
      balancer((candidates, turn) => {
        (candidates as Candidate[]).reverse();
        return candidates[turn % candidates.length];
      });
    expect(await failures(sorting, { shares: "evenly" })).toContain("leaves the list and its members as they are");
  });

  it("catches one that looks at everyone again and again", async () => {
    const thorough = (): Balancer =>
      balancer((candidates, turn) => {
        for (let look = 0; look < 10; look++) if (candidates.some(({ weight }) => weight < 0)) return undefined;
        return candidates[turn % candidates.length];
      });
    expect(await failures(thorough, { shares: "evenly" })).toEqual(["looks at each candidate a few times at most"]);
  });

  it("catches one by key that moves keys when nothing needs to move", async () => {
    const modulo = (): Balancer => ({
      name: "modulo",
      pick: (candidates, { body }) => candidates[(body.at(-1) ?? 0) % candidates.length],
    });
    const failed = await failures(modulo, { shares: "by key" });
    expect(failed).toContain("moves no keys but those of an endpoint that goes");
    expect(failed).not.toContain("gives a key to the same endpoint every time, in every instance");
  });

  it("catches one whose parts lack items", async () => {
    const careless = (): Balancer => ({
      ...inTurn(),
      split: (candidates, batch) =>
        new Map(candidates.slice(0, 1).map((candidate) => [candidate, { ...batch, items: batch.items - 1 }])),
    });
    expect(await failures(careless, { shares: "evenly" })).toEqual([
      "cuts a batch into parts for its candidates that hold each item once",
    ]);
  });
});
