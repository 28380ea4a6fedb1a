import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bench, Finding } from "../bench.ts";
import { type Child, startChild } from "../child.ts";
import { compare, type Comparison, type Side } from "../measure.ts";
import { spanMaker, type Traced, ways } from "../traced.ts";

const peer = "SDK 3.1 + BatchSpanProcessor + OTLP exporter";
const exec = promisify(execFile);

/** E1 to E5: from a span's begin to the wire, in one process. */
export const client: readonly Bench[] = [
  {
    name: "E1 create, end, encode, send: our tracer",
    run: () =>
      toSink(async (url) => [
        {
          id: "E1",
          work: "create, end, encode, send",
          peer,
          goal: 6,
          by: "cpu",
          comparison: await compareWays("our tracer", "official", url),
          items: perRound,
        },
      ]),
  },
  {
    name: "E2 drop-in span processor",
    run: () =>
      toSink(async (url) => {
        const whole = await compareWays("our processor", "official", url);
        const common = { id: "E2", peer, by: "cpu", items: perRound } as const;
        return [
          { ...common, work: "the same with SDK spans", goal: 2, comparison: whole },
          { ...common, work: "of it, after end()", goal: 4, comparison: await withoutSdk(whole, url) },
        ];
      }),
  },
  { name: "E3 sustained spans a second without loss", run: () => sustained() },
  { name: "E4 event-loop delay at 40,000 spans a second", run: () => delayed() },
  { name: "E5 memory of a span not yet sent", run: () => heldBack() },
];

// What the queue of the peer takes without loss.
const perRound = 2000;

async function toSink(run: (url: string) => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  const sink = await startChild("counting-sink");
  try {
    return await run(sink.ready);
  } finally {
    await sink.stop();
  }
}

async function compareWays(ours: string, theirs: string, url: string): Promise<Comparison> {
  const sides = [ours, theirs].map((way) => (ways[way] as (url: string) => Traced)(url));
  const [left, right] = sides as [Traced, Traced];
  const comparison = await compare(rounds(left), rounds(right), { runMs: 600 });
  await Promise.all(sides.map((side) => side.close()));
  return comparison;
}

/** So many spans, then a flush, again and again. CPU is that of this process: the sink has its own. */
function rounds(traced: Traced): Side {
  const make = spanMaker(traced.tracer);
  return async (count) => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    for (let round = 0; round < count; round++) {
      for (let span = 0; span < perRound; span++) make();
      await traced.flush();
    }
    const wallMicros = (performance.now() - start) * 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { wallMicros, cpuMicros: user + system };
  };
}

/** Takes off both sides what making spans costs with nobody behind. */
async function withoutSdk(whole: Comparison, url: string): Promise<Comparison> {
  const alone = (ways["SDK alone"] as (url: string) => Traced)(url);
  const { ours } = await compare(rounds(alone), rounds(alone), { pairs: 5, runMs: 300 });
  const less = (cost: Comparison["ours"]) => ({
    cpuMicros: cost.cpuMicros - ours.cpuMicros,
    wallMicros: cost.wallMicros - ours.wallMicros,
  });
  const [left, right] = [less(whole.ours), less(whole.peer)];
  const cpuRatio = right.cpuMicros / left.cpuMicros;
  return {
    ours: left,
    peer: right,
    cpuRatio,
    wallRatio: right.wallMicros / left.wallMicros,
    spread: [cpuRatio, cpuRatio],
  };
}

const rates = [50_000, 100_000, 200_000, 400_000];

async function sustained(): Promise<readonly Finding[]> {
  const best = async (way: string): Promise<{ readonly rate: number; readonly lost: string }> => {
    let rate = 0;
    const lost: string[] = [];
    for (const tried of rates) {
      const sink = await startChild("counting-sink");
      const { made, tookMs } = await program<{ made: number; tookMs: number }>(way, sink.ready, "rate", tried, 3);
      const arrived = await spansOf(sink);
      await sink.stop();
      const loss = (made - arrived) / made;
      // A program that falls behind its own rate has not sustained it.
      const inTime = tookMs < 3000 * 1.1;
      lost.push(`${tried / 1000} k/s: ${(loss * 100).toFixed(0)} % lost${inTime ? "" : ", fell behind"}`);
      if (arrived === made && inTime) rate = tried;
      else break;
    }
    return { rate, lost: lost.join("; ") };
  };
  const [ours, theirs] = [await best("our tracer"), await best("official")];
  return [
    {
      id: "E3",
      work: "sustained without loss, defaults",
      peer,
      unit: "spans/s",
      ours: ours.rate,
      theirs: theirs.rate,
      spread: [ours.rate, ours.rate],
      goal: { atLeast: 400_000 },
      note: `ours: ${ours.lost}; peer: ${theirs.lost}`,
    },
  ];
}

async function delayed(): Promise<readonly Finding[]> {
  const at40k = async (way: string): Promise<number> => {
    const sink = await startChild("counting-sink");
    const { delayP99Ms } = await program<{ delayP99Ms: number }>(way, sink.ready, "rate", 40_000, 3);
    await sink.stop();
    return delayP99Ms;
  };
  const work = "p99 event-loop delay at 40,000 spans/s";
  return amounts(
    "E4",
    work,
    "ms",
    () => at40k("our tracer"),
    () => at40k("official"),
    { atMost: 1 },
  );
}

async function heldBack(): Promise<readonly Finding[]> {
  const held = async (way: string): Promise<number> =>
    (await program<{ bytesPerSpan: number }>(way, "http://127.0.0.1:1", "memory", 50_000)).bytesPerSpan;
  const work = "memory of a span that cannot be sent";
  const [ours, theirs] = [() => held("our tracer"), () => held("official with room")];
  return amounts("E5", work, "B", ours, theirs, { atMost: 500 });
}

/** Both sides in turn, five times. */
export async function amounts(
  id: string,
  work: string,
  unit: string,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  goal: { readonly atMost: number },
  against: string = peer,
): Promise<readonly Finding[]> {
  const found: [number, number][] = [];
  for (let pair = 0; pair < 5; pair++) found.push([await ours(), await theirs()]);
  const sorted = (side: 0 | 1): number[] => found.map((pair) => pair[side]).toSorted((a, b) => a - b);
  const [left, right] = [sorted(0), sorted(1)];
  const spread = [left[0] as number, left.at(-1) as number] as const;
  return [{ id, work, peer: against, unit, ours: left[2] as number, theirs: right[2] as number, spread, goal }];
}

async function program<Found>(...words: readonly (string | number)[]): Promise<Found> {
  const file = fileURLToPath(new URL("../roles/program.ts", import.meta.url));
  const flags = ["--expose-gc", "--conditions=@otlpkit/source"];
  const { stdout } = await exec(process.execPath, [...flags, file, ...words.map(String)]);
  return JSON.parse(stdout) as Found;
}

async function spansOf(sink: Child): Promise<number> {
  return Number(await (await fetch(`${sink.ready}/spans`)).text());
}
