import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExportError, protobufBatch } from "@otlpkit/core";
import { recordingSender } from "@otlpkit/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspect, openQueue, type Queue, repair } from "./index.ts";

let folder: string;
let queue: Queue;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queue-"));
  queue = await openQueue({ folder, closeGraceMs: 10 });
});
afterEach(async () => {
  await queue.close();
  await rm(folder, { recursive: true });
});

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of from) list.push(one);
  return list;
}

describe("a look into a queue", () => {
  it("shows a live one what is there, and who waits for it", async () => {
    const far = recordingSender();
    far.script({ rejectedItems: 0, message: "" }, "hang");
    await queue.send({ ...protobufBatch("logs", Uint8Array.of(1, 2), 5), tenant: "a" }, {});
    await queue.send(protobufBatch("traces", Uint8Array.of(3), 6), {});
    queue.stage({ concurrency: 1 })(far);
    await expect.poll(() => queue.facts().queued.batches).toBe(1);
    await expect.poll(async () => (await all(inspect(folder).waiting())).length).toBe(1);

    const look = inspect(folder);
    expect(await all(look.records())).toMatchObject([
      { sequence: 1, signal: "logs", tenant: "a", items: 5, encrypted: false },
      { sequence: 2, signal: "traces", tenant: undefined, items: 6 },
    ]);
    expect(await all(look.waiting())).toMatchObject([{ sequence: 2 }]);
    expect((await look.read(1))?.batch.body).toEqual(Buffer.of(1, 2));
    expect(await look.read(3)).toBeUndefined();
    expect(await look.segments()).toMatchObject([
      { batches: 2, items: 11, firstSequence: 1, lastSequence: 2, keyId: undefined, strayBytes: 0 },
    ]);
    expect((await look.consumers()).get("default")).toMatchObject({
      accepted: { batches: 2, items: 11 },
      delivered: { batches: 1, items: 5 },
      queued: { batches: 1, items: 6 },
    });
    expect(await all(look.verify())).toEqual([]);
    expect(await all(look.deadLetters().records())).toEqual([]);
  });

  it("finds no flaw in one whose files come, go and are written over while it looks", async () => {
    const busy = join(folder, "busy");
    const live = await openQueue({ folder: busy, segmentBytes: 64 * 1024, maxBytes: 2 ** 20 });
    live.drain(recordingSender());
    let looking = true;
    const sending = (async () => {
      for (let byte = 0; looking; byte = (byte + 1) % 256) {
        const body = new Uint8Array(5000).fill(byte);
        await Promise.all(Array.from({ length: 8 }, () => live.send(protobufBatch("logs", body, 1), {})));
      }
    })();
    const look = inspect(busy);
    let seen = 0;
    try {
      for (let round = 0; round < 10; round++) {
        expect(await all(look.verify())).toEqual([]);
        for await (const { sequence } of look.records()) {
          const { batch } = (await look.read(sequence)) ?? {};
          if (batch !== undefined) expect(new Set(batch.body).size).toBe(1);
          seen++;
        }
      }
    } finally {
      looking = false;
      await sending;
      await live.close();
    }
    expect(seen).toBeGreaterThan(10);
  });

  it("shows dead letters with the reason", async () => {
    const far = recordingSender();
    far.script(new ExportError("invalid", "no good"));
    queue.stage()(far);
    await queue.send(protobufBatch("logs", Uint8Array.of(1), 5), {});
    await queue.flush();
    const letters = inspect(folder).deadLetters();
    expect(await letters.read(1)).toMatchObject({
      items: 5,
      refusal: { consumer: "default", code: "invalid", message: "no good", attempts: 1 },
    });
  });

  it("says so when there is no queue", async () => {
    await expect(inspect(join(folder, "nowhere")).segments()).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("work on a stopped queue", () => {
  it("takes records out", async () => {
    for (let n = 0; n < 3; n++) await queue.send(protobufBatch("logs", Uint8Array.of(n), 1), {});
    await expect(repair(folder)).rejects.toMatchObject({ code: "unavailable" });
    await queue.close();
    const work = await repair(folder);
    expect(await work.remove([2, 77])).toBe(1);
    await work.close();
    queue = await openQueue({ folder });
    const far = recordingSender();
    queue.stage({ concurrency: 1 })(far);
    await queue.flush();
    expect(far.batches.map(({ body }) => body[0])).toEqual([0, 2]);
    expect(queue.facts().consumers[0]?.books.dropped.removed).toEqual({ batches: 1, items: 1 });
  });

  it("takes dead letters out, and finds that all else is well", async () => {
    const far = recordingSender();
    far.script(new ExportError("invalid", "no good"));
    queue.stage()(far);
    await queue.send(protobufBatch("logs", Uint8Array.of(1), 5), {});
    await queue.flush();
    await queue.close();
    const work = await repair(folder);
    expect(await work.mend()).toEqual({ damagedPlaces: 0, tornBytes: 0 });
    expect(await work.removeDeadLetters([1])).toBe(1);
    await work.close();
    expect(await all(inspect(folder).deadLetters().records())).toEqual([]);
  });
});
