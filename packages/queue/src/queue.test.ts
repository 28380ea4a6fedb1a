import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, ExportError, protobufBatch } from "@otlpkit/core";
import { recordingSender } from "@otlpkit/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openQueue, type Queue, type QueueEvent, type QueueOptions } from "./index.ts";

let folder: string;
let queues: Queue[];
let events: QueueEvent[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queue-"));
  queues = [];
  events = [];
});
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.close()));
  await rm(folder, { recursive: true });
});

async function open(options: Partial<QueueOptions> = {}): Promise<Queue> {
  const queue = await openQueue({ folder, onEvent: (event) => events.push(event), closeGraceMs: 50, ...options });
  queues.push(queue);
  return queue;
}

/** A batch that can be told from the others. */
const batchOf = (n: number, bytes = 100): Batch => protobufBatch("traces", new Uint8Array(bytes).fill(n), n);
const numbersOf = (batches: readonly Batch[]): (number | undefined)[] => batches.map(({ body }) => body[0]);
const eventsOf = <K extends QueueEvent["kind"]>(kind: K): Extract<QueueEvent, { kind: K }>[] =>
  events.filter((event): event is Extract<QueueEvent, { kind: K }> => event.kind === kind);

describe("a queue", () => {
  it("answers before the destination does, and delivers behind", async () => {
    const queue = await open();
    const far = recordingSender();
    far.script("hang");
    const stage = queue.stage()(far);
    expect(await stage.send(batchOf(1), {})).toEqual({ rejectedItems: 0, message: "" });
    expect(queue.facts().queued).toEqual({ batches: 1, items: 1 });
  });

  it("delivers every batch as it stood", async () => {
    const queue = await open();
    const batches: Batch[] = [
      protobufBatch("logs", Uint8Array.of(1, 2, 3), 7),
      {
        ...protobufBatch("metrics", Uint8Array.of(4), 1),
        encoding: "gzip",
        tenant: "a ☂",
        headers: { "x-scope": "é" },
      },
      { ...protobufBatch("profiles", new Uint8Array(0), 0), format: "json", tenant: "" },
    ];
    for (const batch of batches) await queue.send(batch, {});
    await queue.close();

    const far = recordingSender();
    const again = await open();
    again.stage({ concurrency: 1 })(far);
    await again.flush();
    expect(far.batches.map((batch) => ({ ...batch, body: [...batch.body] }))).toEqual(
      batches.map((batch) => ({ ...batch, body: [...batch.body] })),
    );
  });

  it("makes many batches safe with one sync", async () => {
    const queue = await open();
    await Promise.all(Array.from({ length: 50 }, (_, n) => queue.send(batchOf(n), {})));
    expect(queue.facts()).toMatchObject({ syncs: 1, synced: { batches: 50 } });
  });

  it("keeps what a dead destination did not take for the next start", async () => {
    const dead = recordingSender();
    dead.script(new ExportError("unavailable", "nobody is there"));
    const stage = (await open()).stage()(dead);
    for (let n = 1; n <= 20; n++) await stage.send(batchOf(n), {});
    await stage.close();
    expect(dead.closed).toBe(true);

    const queue = await open();
    expect(queue.recovered).toMatchObject({ queued: { batches: 20, items: 210 }, damagedPlaces: 0, tornBytes: 0 });
    const far = recordingSender();
    queue.stage({ concurrency: 1 })(far);
    await queue.flush();
    expect(numbersOf(far.batches)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(queue.facts().consumers[0]?.books).toMatchObject({
      accepted: { batches: 20, items: 210 },
      delivered: { batches: 20, items: 210 },
      queued: { batches: 0, items: 0 },
    });
  });

  it("does not deliver again what was delivered before it was closed", async () => {
    const far = recordingSender();
    const stage = (await open()).stage()(far);
    await stage.send(batchOf(1), {});
    await stage.close();
    const queue = await open();
    const second = recordingSender();
    queue.stage()(second);
    await queue.send(batchOf(2), {});
    await queue.flush();
    expect(numbersOf([...far.batches, ...second.batches])).toEqual([1, 2]);
  });

  it("gives back the disk space of what everybody has got", async () => {
    const queue = await open({ segmentBytes: 16 * 1024 });
    const far = recordingSender();
    queue.stage()(far);
    for (let n = 0; n < 40; n++) await queue.send(batchOf(n, 4000), {});
    await queue.flush();
    await queue.close();
    expect((await readdir(folder)).filter((name) => name.startsWith("segment"))).toEqual([]);
  });

  it("is not opened twice", async () => {
    await open();
    await expect(open()).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("has it open"),
    });
  });

  it("fails with closed when it is", async () => {
    const queue = await open();
    await queue.close();
    await expect(queue.send(batchOf(1), {})).rejects.toMatchObject({ code: "closed" });
    expect(eventsOf("refused")).toHaveLength(1);
  });
});

describe("a queue with several consumers", () => {
  it("gives everything to each, and keeps it until the last has it", async () => {
    const queue = await open();
    const [quick, dead] = [recordingSender(), recordingSender()];
    dead.script(new ExportError("unavailable", "nobody is there"));
    queue.drain(quick, { consumer: "quick" });
    queue.drain(dead, { consumer: "dead" });
    await Promise.all([1, 2, 3].map((n) => queue.send(batchOf(n), {})));
    await expect.poll(() => quick.batches.length).toBe(3);
    await queue.close();

    const again = await open();
    const late = recordingSender();
    again.drain(late, { consumer: "dead" });
    const quickAgain = recordingSender();
    again.drain(quickAgain, { consumer: "quick" });
    await again.flush();
    expect(new Set(numbersOf(late.batches))).toEqual(new Set([1, 2, 3]));
    expect(quickAgain.batches).toEqual([]);
  });

  it("forgets one that no longer exists, and says what that one did not get", async () => {
    const queue = await open({ segmentBytes: 16 * 1024 });
    const far = recordingSender();
    queue.drain(far, { consumer: "stays" });
    far.script("hang");
    queue.drain(recordingSender(), { consumer: "goes" });
    await queue.close();

    const again = await open();
    await again.send(batchOf(5), {});
    await again.forget("goes");
    expect(eventsOf("dropped")).toMatchObject([{ consumer: "goes", reason: "removed", batches: 1, items: 5 }]);
    expect(again.facts().consumers.map(({ name }) => name)).toEqual(["stays"]);
  });
});

describe("a full queue", () => {
  const small = { maxBytes: 128 * 1024, segmentBytes: 32 * 1024 };
  const fill = async (queue: Queue): Promise<number> => {
    for (let n = 0; ; n++) {
      try {
        await queue.send(batchOf(n % 200, 8000), {});
      } catch {
        return n;
      }
    }
  };

  it("refuses and says when to come again", async () => {
    let nowMs = 0;
    const queue = await open({ ...small, now: () => nowMs });
    const count = await fill(queue);
    expect(count).toBeGreaterThan(9);
    await expect(queue.send(batchOf(1, 8000), {})).rejects.toMatchObject({ code: "overloaded", retryAfterMs: 1000 });
    // Nothing leaves, so there is no hurry to come again.
    nowMs = 10_000;
    await expect(queue.send(batchOf(1, 8000), {})).rejects.toMatchObject({ retryAfterMs: 10_000 });
    expect(queue.facts().bytes).toBeLessThanOrEqual(small.maxBytes);
    queue.stage()(recordingSender());
    await queue.flush();
    await expect.poll(() => queue.facts().bytes).toBeLessThan(64 * 1024);
    await queue.send(batchOf(1, 8000), {});
  });

  it("lets callers wait for room, if that is wanted", async () => {
    const queue = await open({ ...small, whenFull: "block" });
    for (let n = 0; n < 10; n++) await queue.send(batchOf(n, 8000), {});
    const late = Array.from({ length: 10 }, (_, n) => queue.send(batchOf(100 + n, 8000), {}));
    await expect(queue.send(batchOf(1, 8000), { deadline: performance.now() + 20 })).rejects.toMatchObject({
      code: "timeout",
    });
    const far = recordingSender();
    queue.stage()(far);
    await Promise.all(late);
    await queue.flush();
    expect(far.batches).toHaveLength(20);
  });

  it("drops the oldest, if that is wanted, and counts them", async () => {
    const queue = await open({ ...small, whenFull: "drop-oldest" });
    for (let n = 0; n < 50; n++) await queue.send(batchOf(1, 8000), {});
    const far = recordingSender();
    queue.stage()(far);
    await queue.flush();
    const dropped = eventsOf("dropped").reduce((sum, { batches }) => sum + batches, 0);
    expect(dropped).toBeGreaterThan(20);
    expect(far.batches).toHaveLength(50 - dropped);
    const [consumer] = queue.facts().consumers;
    expect(consumer?.books).toMatchObject({
      accepted: { batches: 50 },
      delivered: { batches: 50 - dropped },
      dropped: { full: { batches: dropped, items: dropped } },
    });
  });

  it("refuses for good what is larger than the whole", async () => {
    const queue = await open(small);
    await expect(queue.send(batchOf(1, 200_000), {})).rejects.toMatchObject({ code: "too-large", retryable: false });
  });
});

describe("dead letters", () => {
  it("keep the reason, and can be delivered later", async () => {
    const far = recordingSender();
    far.script(new ExportError("invalid", "no good"), { rejectedItems: 0, message: "" });
    const queue = await open();
    queue.stage({ concurrency: 1 })(far);
    await queue.send(batchOf(1), {});
    await queue.send(batchOf(2), {});
    await queue.flush();
    expect(queue.facts().deadLetters).toMatchObject({ batches: 1, items: 1 });
    expect(queue.facts().consumers[0]?.books).toMatchObject({
      deadLettered: { batches: 1 },
      delivered: { batches: 1 },
    });
    await queue.close();

    const dead = await openQueue({ folder: join(folder, "dead") });
    queues.push(dead);
    const second = recordingSender();
    dead.stage()(second);
    await dead.flush();
    expect(numbersOf(second.batches)).toEqual([1]);
  });

  it("are not made of errors that say nothing about the batch", async () => {
    const far = recordingSender();
    far.script(new ExportError("unauthenticated", "the token is too old"), { rejectedItems: 0, message: "" });
    const queue = await open();
    queue.stage({ initialDelayMs: 1 })(far);
    await queue.send(batchOf(1), {});
    await queue.flush();
    expect(far.batches).toHaveLength(2);
    expect(eventsOf("failed")).toMatchObject([{ attempt: 1 }]);
  });

  it("count as rejected where none are kept", async () => {
    const far = recordingSender();
    far.script(new ExportError("invalid", "no good"));
    const queue = await open({ deadLetterBytes: 0 });
    queue.stage()(far);
    await queue.send(batchOf(3), {});
    await queue.flush();
    expect(queue.facts().consumers[0]?.books.rejected).toEqual({ batches: 1, items: 3 });
  });
});

describe("the books", () => {
  it("count a partial success by its items", async () => {
    const far = recordingSender();
    far.script({ rejectedItems: 4, message: "four had no name" });
    const queue = await open();
    queue.stage()(far);
    await queue.send(batchOf(10), {});
    await queue.flush();
    expect(queue.facts().consumers[0]?.books).toMatchObject({
      accepted: { batches: 1, items: 10 },
      delivered: { batches: 1, items: 6 },
      rejected: { batches: 0, items: 4 },
    });
    expect(eventsOf("delivered")).toMatchObject([{ items: 6, rejectedItems: 4, message: "four had no name" }]);
  });

  it("are kept by tenant, from one start to the next", async () => {
    const far = recordingSender();
    const stage = (await open()).stage()(far);
    await stage.send({ ...batchOf(1), tenant: "a" }, {});
    await stage.send({ ...batchOf(2), tenant: "b" }, {});
    await expect.poll(() => far.batches.length).toBe(2);
    await stage.close();
    const queue = await open();
    await queue.send({ ...batchOf(3), tenant: "b" }, {});
    const tenants = queue.facts().consumers[0]?.tenants;
    expect(tenants?.get("a")).toMatchObject({ accepted: { items: 1 }, delivered: { items: 1 } });
    expect(tenants?.get("b")).toMatchObject({ accepted: { items: 5 }, delivered: { items: 2 }, queued: { items: 3 } });
  });

  it("enter what is older than is wanted, only if that is wanted", async () => {
    let nowMs = 1_000_000;
    const queue = await open({ maxAgeMs: 1000, wallClock: () => nowMs });
    await queue.send(batchOf(1), {});
    nowMs += 2000;
    await queue.send(batchOf(2), {});
    expect(queue.facts().oldestAgeMs).toBe(2000);
    const far = recordingSender();
    queue.stage()(far);
    await queue.flush();
    expect(numbersOf(far.batches)).toEqual([2]);
    expect(eventsOf("dropped")).toMatchObject([{ reason: "expired", batches: 1, items: 1 }]);
  });
});
