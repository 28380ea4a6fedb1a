import { describe, expect, it } from "vitest";
import { killLoop } from "./durable/kill-loop.ts";
import { seededRandom } from "./durable/seeded-random.ts";

const seed = Number(process.env["OTLPKIT_SEED"] ?? Date.now() % 2 ** 31);

describe(`a relay that is killed (seed ${seed})`, () => {
  it.each([
    ["plain", false],
    ["encrypted", true],
  ])(
    "has lost nothing that it acknowledged, %s",
    async (_, encrypted) => {
      const report = await killLoop({ kills: 2, withinMs: 60_000, encrypted, random: seededRandom(seed), seed });
      expect(report).toMatchObject({ missing: [], unexpected: [], queuedItems: 0 });
      expect(report.acknowledged).toBeGreaterThan(0);
      // A busy machine takes its time to start a relay.
    },
    180_000,
  );
});
