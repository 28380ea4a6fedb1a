import type { Scenario } from "./simulation.ts";

/** How large a simulation is. */
export interface Size {
  readonly seed: number;
  readonly durationMs: number;
  readonly requestsPerSecond: number;
  readonly baseEjectionMs: number;
}

/** Five backends: one takes ten times as long, one dies for a third of the time, one is up and down all the time. */
export function badCompany(size: Size): Scenario {
  const third = size.durationMs / 3;
  const flapMs = Math.min(5_000, third);
  return {
    name: "five backends: b ten times slower, c dead for a third of the time, d flapping",
    ...size,
    backends: [
      { id: "a", serviceMs: 20 },
      { id: "b", serviceMs: 200 },
      { id: "c", serviceMs: 20, isUp: (nowMs) => nowMs < third || nowMs >= 2 * third },
      { id: "d", serviceMs: 20, isUp: (nowMs) => Math.floor(nowMs / flapMs) % 2 === 0 },
      { id: "e", serviceMs: 20 },
    ],
    options: { outlierDetection: { baseEjectionMs: size.baseEjectionMs } },
  };
}

/** The same, and every second everyone is asked how it is. */
export function checkedBadCompany(size: Size): Scenario {
  const scenario = badCompany(size);
  return { ...scenario, name: `${scenario.name}; with health checks`, checkEveryMs: 1_000 };
}

/** One of five is ten times slower, nothing else is wrong. */
export function oneSlow(size: Size): Scenario {
  return {
    name: "five backends: b ten times slower",
    ...size,
    backends: ["a", "b", "c", "d", "e"].map((id) => ({ id, serviceMs: id === "b" ? 200 : 20 })),
  };
}

/** Weights 1 : 2 : 4. */
export function weights(size: Size): Scenario {
  return {
    name: "weights 1 : 2 : 4",
    ...size,
    backends: [
      { id: "a", serviceMs: 20, weight: 1 },
      { id: "b", serviceMs: 20, weight: 2 },
      { id: "c", serviceMs: 20, weight: 4 },
    ],
  };
}

/** From three to five, and to two. */
export function scaling(size: Size): Scenario {
  return {
    name: "3 to 5 to 2 backends",
    ...size,
    backends: ["a", "b", "c", "d", "e"].map((id) => ({ id, serviceMs: 20 })),
    lists: [
      { atMs: 0, ids: ["a", "b", "c"] },
      { atMs: size.durationMs / 3, ids: ["a", "b", "c", "d", "e"] },
      { atMs: (size.durationMs * 2) / 3, ids: ["b", "d"] },
    ],
  };
}
