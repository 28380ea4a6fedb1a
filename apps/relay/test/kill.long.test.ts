// 200 kills at random moments under load over HTTP and gRPC, plain and encrypted; OTLPKIT_LONG_SECONDS bounds each.
import { describe, expect, it } from "vitest";
import { killLoop } from "./durable/kill-loop.ts";
import { seededRandom } from "./durable/seeded-random.ts";

const withinMs = 1000 * Number(process.env["OTLPKIT_LONG_SECONDS"] ?? 1200);
const seed = Number(process.env["OTLPKIT_SEED"] ?? Date.now() % 2 ** 31);

describe(`a relay that is killed 200 times (seed ${seed})`, () => {
  it.each([
    ["plain", false],
    ["encrypted", true],
  ])("has lost nothing that it acknowledged, %s", async (name, encrypted) => {
    const report = await killLoop({ kills: 200, withinMs, encrypted, random: seededRandom(seed), seed });
    const { kills, sent, acknowledged, received, missing, duplicate, startMs, drainMs } = report;
    console.log(
      `${name}: ${kills} kills; ${sent} items sent, ${acknowledged} acknowledged, ${received} received, ` +
        `${missing.length} missing, ${duplicate.length} repeated; doors open after ${Math.round(startMs.median)} ms ` +
        `(at most ${Math.round(startMs.max)}), all delivered ${Math.round(drainMs)} ms after the last start`,
    );
    expect(report).toMatchObject({ missing: [], unexpected: [], queuedItems: 0 });
    expect(kills).toBeGreaterThan(2);
  });
});
