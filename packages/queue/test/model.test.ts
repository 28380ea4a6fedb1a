import { expect, it } from "vitest";
import { runSchedule, type Seen } from "./schedule.ts";

/** Runs one schedule alone, telling what happens: OTLPKIT_QUEUE_SEED=17. */
const oneSeed = process.env["OTLPKIT_QUEUE_SEED"];

if (oneSeed !== undefined) {
  it(`keeps its word in schedule ${oneSeed}`, async () => {
    await runSchedule({ seed: Number(oneSeed), log: (line) => console.log(line) });
  });
} else {
  it("keeps its word on a disk that loses, tears, refuses and flips, in whatever order things happen", async () => {
    const total: Seen = { accepted: 0, failed: 0, delivered: 0, crashes: 0, flips: 0 };
    for (let seed = 1; seed <= 60; seed++) {
      const seen = await runSchedule({ seed, steps: 100 });
      for (const key of Object.keys(total) as (keyof Seen)[]) total[key] += seen[key];
    }
    // Schedules that do nothing would prove nothing.
    expect(total.accepted).toBeGreaterThan(1000);
    expect(total.delivered).toBeGreaterThan(1000);
    expect(total.crashes).toBeGreaterThan(40);
    expect(total.flips).toBeGreaterThan(5);
  });

  // Each of these has found something; what else was found is in found.test.ts.
  it.each([
    [
      19,
      "a send that waits for an old segment to go, while the queue is closed, fails in place of going round for ever",
    ],
    [53, "a segment that was delivered while it was to be dropped is not counted twice"],
    [55, "a queue that is full of what was delivered makes room by itself"],
    [247, "what was refused while the queue is closed is kept as a dead letter, and not delivered again"],
  ])("keeps its word in schedule %i: %s", async (seed) => {
    await runSchedule({ seed });
  });
}
