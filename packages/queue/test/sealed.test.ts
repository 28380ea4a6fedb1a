import { type Batch, protobufBatch } from "@otlpkit/core";
import { recordingSender } from "@otlpkit/testkit";
import { expect, it } from "vitest";
import { inspect, openQueue, type Queue, type RecordFacts } from "../src/index.ts";
import { numberOf } from "./payload.ts";
import { randomFrom } from "./random.ts";
import { type SimulatedFiles, simulatedFiles } from "./simulated-files.ts";
import { toyEncryption } from "./toy-encryption.ts";

const encryption = toyEncryption(["one"]);
const limitBytes = 16 * 1024;

const batch = (number: number, bytes: number): Batch => ({
  ...protobufBatch("logs", randomFrom(number).bytes(bytes), 1),
  headers: { "x-number": String(number) },
});

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
  await Promise.all(sizes.map((bytes, index) => queue.send(batch(index + 1, bytes), {})));
  await queue.close();
  const records: RecordFacts[] = [];
  for await (const record of inspect("/q", { encryption, files: files.atEase() }).records()) records.push(record);
  return { files, records, sizes };
}

const together = (
  { sequence, sealedBefore, sealedAfter }: RecordFacts,
  records: readonly RecordFacts[],
): RecordFacts[] =>
  records.filter((other) => other.sequence >= sequence - sealedBefore && other.sequence <= sequence + sealedAfter);

it("seals small records together, up to 16 KiB, and reads each as it was", async () => {
  const { files, records, sizes } = await filled();
  expect(records).toHaveLength(60);
  const groups = records.map((record) => together(record, records));
  expect(Math.max(...groups.map((group) => group.length))).toBeGreaterThan(5);
  for (const group of groups) {
    const bytes = group.reduce((sum, record) => sum + record.bytes, 0);
    expect(group.length === 1 || bytes <= limitBytes).toBe(true);
  }
  const look = inspect("/q", { encryption, files: files.atEase() });
  for (const { sequence } of records) {
    const read = (await look.read(sequence))?.batch as Batch;
    const number = numberOf(read);
    expect(read).toEqual({ ...batch(number, sizes[number - 1] as number), body: expect.anything() });
    expect(Buffer.from(read.body)).toEqual(Buffer.from(batch(number, sizes[number - 1] as number).body));
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
    const risked = together(hit, records).length;
    expect(got.size, `seed ${seed}`).toBeGreaterThanOrEqual(60 - risked);
    const { delivered, dropped, accepted } = queue.facts().consumers[0]?.books ?? expect.fail();
    expect(delivered.batches, `seed ${seed}`).toBe(got.size);
    expect(dropped.damaged.batches, `seed ${seed}`).toBe(60 - got.size);
    expect(accepted.batches).toBe(60);
    await queue.close();
  }
});
