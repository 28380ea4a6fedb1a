import type { Batch } from "@otlpkit/core";
import { recordingSender } from "@otlpkit/testkit";
import { expect, it } from "vitest";
import { inspect, openQueue, type Queue, type RecordFacts } from "../src/index.ts";
import type { Files } from "../src/files.ts";
import { numbered, numberOf } from "./payload.ts";
import { randomFrom } from "./random.ts";
import { recordsOf, sealedWith } from "./records.ts";
import { type SimulatedFiles, simulatedFiles } from "./simulated-files.ts";
import { toyEncryption } from "./toy-encryption.ts";

const encryption = toyEncryption(["one"]);
const limitBytes = 16 * 1024;

const opened = (files: SimulatedFiles): Promise<Queue> =>
  openQueue({ folder: "/q", files, encryption, minFreeBytes: 0, cacheBytes: 0, closeGraceMs: 0 });

/** A queue with small records that were written in few groups, and large ones among them; closed. */
async function filled(): Promise<{ files: SimulatedFiles; records: RecordFacts[]; sizes: number[] }> {
  const random = randomFrom(1);
  const files = simulatedFiles({ random });
  const queue = await opened(files);
  const far = recordingSender();
  far.script(...Array.from({ length: 60 }, () => "hang" as const));
  queue.drain(far);
  const sizes = Array.from({ length: 60 }, (_, index) => (index % 20 === 19 ? 30_000 : random.below(3000)));
  await Promise.all(sizes.map((bytes, index) => queue.send(numbered(index + 1, bytes), {})));
  await queue.close();
  return { files, records: await recordsOf(files, { encryption }), sizes };
}

it("seals small records together, up to 16 KiB, and reads each as it was", async () => {
  const { files, records, sizes } = await filled();
  expect(records).toHaveLength(60);
  const groups = records.map((record) => sealedWith(record, records));
  expect(Math.max(...groups.map((group) => group.length))).toBeGreaterThan(5);
  for (const group of groups) {
    const bytes = group.reduce((sum, record) => sum + record.bytes, 0);
    expect(group.length === 1 || bytes <= limitBytes).toBe(true);
  }
  const look = inspect("/q", { encryption, files: files.atEase() });
  for (const { sequence } of records) {
    const read = (await look.read(sequence))?.batch as Batch;
    const number = numberOf(read);
    expect(read).toEqual({ ...numbered(number, sizes[number - 1] as number), body: expect.anything() });
    expect(Buffer.from(read.body)).toEqual(Buffer.from(numbered(number, sizes[number - 1] as number).body));
  }
});

it("loses no more to a changed bit than what was sealed together, and says so", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomFrom(seed);
    const { files, records } = await filled();
    const hit = records[random.below(records.length)] as RecordFacts;
    files.flip(`/q/${hit.segment}`, hit.offset + random.below(hit.bytes), random.below(8));
    const queue = await opened(files);
    const far = recordingSender();
    queue.drain(far, { concurrency: 1 });
    await queue.flush();
    const got = new Set(far.batches.map(numberOf));
    const risked = sealedWith(hit, records).length;
    expect(got.size, `seed ${seed}`).toBeGreaterThanOrEqual(60 - risked);
    const { delivered, dropped, accepted } = queue.facts().consumers[0]?.books ?? expect.fail();
    expect(delivered.batches, `seed ${seed}`).toBe(got.size);
    expect(dropped.damaged.batches, `seed ${seed}`).toBe(60 - got.size);
    expect(accepted.batches).toBe(60);
    await queue.close();
  }
});

it("reads all that were sealed together as long as one copy of their proof is whole, whoever is read first", async () => {
  const { files, records } = await filled();
  const group = records.map((record) => sealedWith(record, records)).find(({ length }) => length > 3) ?? expect.fail();
  for (const { segment, offset, bytes } of group.slice(1)) files.flip(`/q/${segment}`, offset + bytes - 1, 3);
  const look = inspect("/q", { encryption, files: files.atEase() });
  for (const { sequence } of group.toReversed()) expect((await look.read(sequence))?.batch.items).toBe(1);
  const queue = await opened(files);
  queue.drain(recordingSender());
  await queue.flush();
  expect(queue.facts().consumers[0]?.books).toMatchObject({
    delivered: { batches: 60 },
    dropped: { damaged: { batches: 0 } },
  });
  await queue.close();
});

it("sets a torn group aside once, and has nothing to say about it at the next start", async () => {
  const random = randomFrom(1);
  const files = simulatedFiles({ random });
  const queue = await opened(files);
  await Promise.all([1, 2, 3, 4].map((number) => queue.send(numbered(number, 200), {})));
  const left = files.crash(random, "nothing lasts");
  const records = await recordsOf(left, { encryption });
  const group = sealedWith(records[1] as RecordFacts, records);
  expect(group.length).toBeGreaterThan(1);
  const { segment, offset } = group[0] as RecordFacts;
  left.flip(`/q/${segment}`, offset + 100, 1);
  const first = await opened(left);
  expect(first.recovered.tornBytes).toBe(group.reduce((sum, { bytes }) => sum + bytes, 0));
  await first.close();
  const second = await opened(left);
  expect(second.recovered).toMatchObject({ damagedPlaces: 0, tornBytes: 0 });
  await second.close();
});

it("takes records for good whose group was still being written when it looked", async () => {
  const { files, records } = await filled();
  const newest = records.at(-1)?.segment;
  const last =
    records.findLast(({ sealedAfter, sealedBefore }) => sealedAfter === 0 && sealedBefore > 1) ?? expect.fail();
  expect(last.segment).toBe(newest);
  const disk = files.atEase();
  let looks = 0;
  const growing: Files = {
    ...disk,
    list: (folder) => (looks++, disk.list(folder)),
    async open(path, how) {
      const file = await disk.open(path, how);
      // At the first look the last record of the group, and what comes after it, is not there.
      if (!path.endsWith(last.segment)) return file;
      const end = (): number => (looks > 1 ? Infinity : last.offset);
      return {
        ...file,
        size: async () => Math.min(await file.size(), end()),
        read: (offset, length) => file.read(offset, Math.max(0, Math.min(length, end() - offset))),
      };
    },
  };
  const flaws: unknown[] = [];
  for await (const flaw of inspect("/q", { encryption, files: growing }).verify()) flaws.push(flaw);
  expect(flaws).toEqual([]);
  expect(looks).toBe(2);
});
