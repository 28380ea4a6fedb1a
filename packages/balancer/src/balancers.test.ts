import { balancerCases, seeded } from "@otlpkit/testkit";
import { describe, it } from "vitest";
import {
  consistentHash,
  leastConnections,
  peakEwma,
  preferZone,
  roundRobin,
  subset,
  weightedRoundRobin,
} from "./index.ts";

const random = (): (() => number) => {
  const data = seeded(7);
  return () => data.random();
};

describe("roundRobin", () => {
  balancerCases({ it }, () => roundRobin({ random: random() }), { shares: "evenly", tolerance: 0.001 });
});

describe("weightedRoundRobin", () => {
  balancerCases({ it }, () => weightedRoundRobin(), { shares: "by weight", tolerance: 0.001 });
});

describe("leastConnections", () => {
  balancerCases({ it }, () => leastConnections({ random: random() }), { shares: "by weight" });
});

describe("peakEwma", () => {
  balancerCases({ it }, () => peakEwma({ random: random() }), { shares: "by weight" });
});

describe("consistentHash by rendezvous", () => {
  balancerCases({ it }, () => consistentHash(), { shares: "by key", tolerance: 0.1 });
});

describe("consistentHash by ring", () => {
  balancerCases({ it }, () => consistentHash({ method: "ring" }), { shares: "by key", tolerance: 0.25 });
});

describe("consistentHash with bounded load", () => {
  balancerCases({ it }, () => consistentHash({ loadFactor: 1.25 }), { shares: "by key", tolerance: 0.1 });
});

describe("preferZone", () => {
  balancerCases({ it }, () => preferZone(roundRobin({ random: random() }), { zone: "here", random: random() }), {
    shares: "evenly",
  });
});

describe("subset", () => {
  balancerCases({ it }, () => subset(weightedRoundRobin(), { clientId: "a", size: 10 }), { shares: "by weight" });
});
