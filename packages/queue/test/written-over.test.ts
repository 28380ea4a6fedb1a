import { recordingSender } from "@otlpkit/testkit";
import { expect, it } from "vitest";
import { openQueue, type Queue, type QueueOptions } from "../src/index.ts";
import { numbered, numberOf } from "./payload.ts";
import { randomFrom } from "./random.ts";
import { recordsOf } from "./records.ts";
import { type SimulatedFiles, simulatedFiles } from "./simulated-files.ts";

const segmentBytes = 16_384;
const maxBytes = 16 * segmentBytes;

const opened = (files: SimulatedFiles, options: Partial<QueueOptions> = {}): Promise<Queue> =>
  openQueue({ folder: "/q", files, segmentBytes, maxBytes, minFreeBytes: 0, ...options });

async function sendAndDeliver(queue: Queue, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) {
    await queue.send(numbered(number, 3000), {});
    await queue.flush();
  }
}

const namesIn = (files: SimulatedFiles): string[] => files.files("/q").map(({ path }) => path.slice("/q/".length));

it("writes segments over the files of those that are delivered, and leaves none of these behind", async () => {
  const files = simulatedFiles({ random: randomFrom(1) });
  let created = 0;
  files.fault = ({ kind, path }) => {
    if (kind === "create" && path.startsWith("/q/segment")) created++;
    return undefined;
  };
  const queue = await opened(files);
  queue.drain(recordingSender());
  await sendAndDeliver(queue, 1, 100);
  expect(created).toBeLessThan(6);
  expect(namesIn(files)).toContainEqual(expect.stringMatching(/^segment-00000000[1-9]/));
  await queue.close();
  expect(namesIn(files).filter((name) => !name.startsWith("progress"))).toEqual([]);
});

it("takes nothing that was in such a file before for its own, wherever the process is killed or the power cut", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomFrom(seed);
    const files = simulatedFiles({ random });
    const queue = await opened(files);
    const far = recordingSender();
    queue.drain(far);
    const delivered = 30 + random.below(30);
    await sendAndDeliver(queue, 1, delivered);
    far.script("hang", "hang", "hang", "hang", "hang", "hang", "hang", "hang");
    const kept = random.below(6);
    for (let number = 1; number <= kept; number++)
      await queue.send(numbered(delivered + number, random.below(3000)), {});

    const killed = random.chance(0.5);
    const restarted = await opened(killed ? files.kill(random) : files.crash(random));
    if (killed) expect(restarted.recovered.tornBytes, `seed ${seed}`).toBe(0);
    expect(restarted.recovered, `seed ${seed}`).toMatchObject({ damagedPlaces: 0, damaged: { batches: 0 } });
    const again = recordingSender();
    restarted.drain(again);
    await restarted.flush();
    await restarted.close();
    const numbers = again.batches.map(numberOf).filter((number) => number > delivered);
    expect(numbers, `seed ${seed}`).toEqual(Array.from({ length: kept }, (_, index) => delivered + index + 1));
  }
});

it("says no more than a write's worth is torn when one was broken off in such a file", async () => {
  const files = simulatedFiles({ random: randomFrom(1) });
  const options = { segmentBytes: 8_000_000, maxBytes: 64_000_000 };
  const queue = await opened(files, options);
  queue.drain(recordingSender());
  for (let number = 1; number <= 17; number++) {
    await queue.send(numbered(number, 1_000_000), {});
    await queue.flush();
  }
  const newest = files.files("/q").findLast(({ path }) => path.startsWith("/q/segment"));
  const bytes = Buffer.from(files.contents(newest?.path as string));
  const left = newest?.bytes as number;
  expect(left).toBeGreaterThan(6_000_000);
  // The mark at the end goes, as when a write had begun over it.
  const end = bytes.lastIndexOf(bytes.subarray(8192, 8196));
  files.flip(newest?.path as string, end + 9, 1);
  const restarted = await opened(files.kill(randomFrom(1)), options);
  expect(restarted.recovered).toMatchObject({ damagedPlaces: 0, damaged: { batches: 0 } });
  expect(restarted.recovered.tornBytes).toBeGreaterThan(0);
  expect(restarted.recovered.tornBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  const onDisk = restarted.facts().bytes;
  expect(onDisk).toBe(files.files("/q").reduce((sum, file) => sum + (/segment/.test(file.path) ? file.bytes : 0), 0));
  await restarted.close();
});

it("never takes more of the disk than it may, files that wait to be written over included", async () => {
  const random = randomFrom(1);
  const files = simulatedFiles({ random });
  let most = 0;
  files.fault = () => {
    const held = files.files("/q").filter(({ path }) => /segment|spare/.test(path));
    most = Math.max(
      most,
      held.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    return undefined;
  };
  const queue = await opened(files, { whenFull: "drop-oldest" });
  const far = recordingSender();
  queue.drain(far);
  await sendAndDeliver(queue, 1, 100);
  far.script(...Array.from({ length: 8 }, () => "hang" as const));
  for (let number = 101; number <= 300; number++) await queue.send(numbered(number, 1000 + random.below(3000)), {});
  expect(most).toBeGreaterThan(maxBytes / 2);
  expect(most).toBeLessThanOrEqual(maxBytes);
  await queue.close();
});

it("goes on behind an end that the disk kept, when it failed to write over it", async () => {
  const files = simulatedFiles({ random: randomFrom(1) });
  const queue = await opened(files, { durability: "buffered" });
  queue.drain(recordingSender());
  await sendAndDeliver(queue, 1, 40);
  const stuck = await opened(files.kill(randomFrom(1)), { durability: "buffered" });
  for (let number = 41; number <= 43; number++) await stuck.send(numbered(number, 100), {});
  const left = files.kill(randomFrom(1));
  const records = await recordsOf(left);
  const second = records.at(-2) ?? expect.fail();
  const third = records.at(-1) ?? expect.fail();
  const path = `/q/${second.segment}`;
  const end = left.contents(path).slice(third.offset + third.bytes, third.offset + third.bytes + 12);
  const file = await left.atEase().open(path, "change");
  await file.write([end], second.offset);

  const again = await opened(left);
  const far = recordingSender();
  again.drain(far);
  await again.flush();
  expect(far.batches.map(numberOf).filter((number) => number > 40)).toEqual([41, 43]);
  expect(again.recovered).toMatchObject({ damagedPlaces: 1, tornBytes: 0 });
  await again.close();
});
