import { it } from "vitest";
import { runSchedule } from "./schedule.ts";

const maxMs = Number(process.env["OTLPKIT_LONG_SECONDS"] ?? 600) * 1000;
/** Others than those of the short test. Another beginning: OTLPKIT_QUEUE_FIRST_SEED. */
const firstSeed = Number(process.env["OTLPKIT_QUEUE_FIRST_SEED"] ?? 10_000);
const schedules = 5000;

it("keeps its word in thousands of schedules", async () => {
  const untilMs = performance.now() + maxMs;
  let seed = firstSeed;
  for (; seed < firstSeed + schedules && performance.now() < untilMs; seed++) await runSchedule({ seed });
  console.log(`${seed - firstSeed} schedules, seeds ${firstSeed} to ${seed - 1}`);
});
