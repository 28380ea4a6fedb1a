// A program that makes spans: `program WAY ENDPOINT rate SPANS_PER_SECOND SECONDS` or `program WAY ENDPOINT memory SPANS`.
// Says what it found as JSON, and ends.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { spanMaker, type Traced, ways } from "../traced.ts";

const [way = "", endpoint = "", what = "", count = "", seconds = ""] = process.argv.slice(2);
const traced = (ways[way] as (url: string) => Traced)(endpoint);
const make = spanMaker(traced.tracer);

/** Makes spans at a steady rate, a little at each turn of the event loop. */
async function atRate(perSecond: number, durationMs: number) {
  for (let warm = 0; warm < 20_000; warm++) {
    make();
    if (warm % 1000 === 0) await traced.flush();
  }
  await traced.flush();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begun = performance.now();
  let made = 0;
  for (;;) {
    const elapsedMs = Math.min(performance.now() - begun, durationMs);
    const due = Math.floor((elapsedMs * perSecond) / 1000);
    // No more than a burst of 2,000 at once, or a late turn would become a later one.
    for (const most = made + 2000; made < due && made < most; made++) make();
    if (elapsedMs >= durationMs && made >= due) break;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  delay.disable();
  const tookMs = performance.now() - begun;
  await traced.flush();
  return { made: made + 20_000, tookMs, delayP99Ms: delay.percentile(99) / 1e6 - 1 };
}

/** Memory of spans that have ended and cannot be sent. */
function held(spans: number) {
  const memory = (): number => {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  for (let warm = 0; warm < 1000; warm++) make();
  const before = memory();
  for (let index = 0; index < spans; index++) make();
  return { bytesPerSpan: (memory() - before) / spans };
}

const found = what === "rate" ? await atRate(Number(count), Number(seconds) * 1000) : held(Number(count));
console.log(JSON.stringify(found));
process.exit();
