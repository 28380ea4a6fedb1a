// A relay as a process under steady load with a queue on disk, while its destination or its disk has bad times.
// OTLPKIT_LONG_SECONDS bounds each scenario.
import { describe, expect, it } from "vitest";
import { fullDisk, outage, type Played } from "./durable/outage.ts";

const seconds = Math.min(Number(process.env["OTLPKIT_LONG_SECONDS"] ?? 300), 300);
const seed = Number(process.env["OTLPKIT_SEED"] ?? Date.now() % 2 ** 31);

function show(name: string, { drainMs, phases, report }: Played): void {
  const { acknowledged, duplicate, missing, received } = report;
  console.log(
    [
      `${name}: ${acknowledged} items acknowledged, ${received} received, ${missing.length} missing, ${duplicate.length} repeated; drained after ${Math.round(drainMs)} ms`,
      ...phases.map(
        (phase) =>
          `  ${phase.name}: ${phase.batches} batches, answered in ${phase.p50.toFixed(1)} ms (p99 ${phase.p99.toFixed(1)}), ` +
          `${phase.refusals} refusals, at most ${phase.residentMebibytes} MiB resident`,
      ),
    ].join("\n"),
  );
}

describe(`a relay with a queue on disk, for ${seconds} s (seed ${seed})`, () => {
  it("loses nothing while its destination is away and it is itself ended and started again", async () => {
    const played = await outage(seconds, seed);
    show("outage", played);
    expect(played.report).toMatchObject({ missing: [], unexpected: [] });
    expect(played.phases.map(({ refusals }) => refusals)).toEqual([0, 0, 0, 0]);
    // What waits is on disk: about 30 bytes of memory for each batch, and what is kept to be delivered unread.
    const [before, ...later] = played.phases.map(({ residentMebibytes }) => residentMebibytes);
    expect(Math.max(...later)).toBeLessThan(before! + 128);
  });

  it("lives while its disk is full, and goes on by itself", async ({ skip }) => {
    const played = (await fullDisk(seconds, seed)) ?? skip("no disk may be mounted here: only root may");
    show("full disk", played);
    expect(played.report).toMatchObject({ missing: [], unexpected: [] });
    expect(played.phases[1]!.refusals).toBeGreaterThan(0);
    expect(played.phases[2]!.refusals).toBe(0);
  });
});
