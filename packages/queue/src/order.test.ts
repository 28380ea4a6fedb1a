import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepted, type Batch, ExportError, protobufBatch } from "@otlpkit/core";
import { fakeClock, recordingSender } from "@otlpkit/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openQueue, type Queue } from "./index.ts";

let folder: string;
let queue: Queue;
const clock = fakeClock();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queue-"));
  queue = await openQueue({ folder, ...clock, random: () => 0.5, closeGraceMs: 0 });
});
afterEach(async () => {
  const closed = queue.close();
  await clock.advance(5000);
  await closed;
  await rm(folder, { recursive: true });
});

const batchOf = (n: number, tenant?: string): Batch => ({
  ...protobufBatch("traces", Uint8Array.of(n), 1),
  ...(tenant === undefined ? {} : { tenant }),
});
const numbersOf = (batches: readonly Batch[]): (number | undefined)[] => batches.map(({ body }) => body[0]);
const down = new ExportError("unavailable", "nobody is there");
/** Lets the clock go on until `done`; the disk takes its own time. */
async function until(done: () => boolean, stepMs = 100): Promise<void> {
  for (let step = 0; !done(); step++) {
    if (step > 5000) throw new Error("it does not come to that");
    await clock.advance(stepMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a drain", () => {
  it("delivers in order when one batch is under way at a time", async () => {
    for (let n = 0; n < 20; n++) await queue.send(batchOf(n), {});
    const far = recordingSender();
    far.script(accepted, down, accepted, accepted, down, accepted);
    queue.drain(far, { concurrencyPerTenant: 1 });
    await until(() => queue.facts().queued.batches === 0);
    expect(numbersOf(far.batches).filter((n, index, all) => n !== all[index - 1])).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    );
  });

  it("delivers the newest first, if that is wanted", async () => {
    for (let n = 0; n < 5; n++) await queue.send(batchOf(n), {});
    const far = recordingSender();
    queue.drain(far, { first: "newest", concurrency: 1 });
    await until(() => far.batches.length === 5);
    expect(numbersOf(far.batches)).toEqual([4, 3, 2, 1, 0]);
  });

  it("takes tenants in turn, so that the backlog of one does not delay the others", async () => {
    for (let n = 0; n < 50; n++) await queue.send(batchOf(n, "large"), {});
    for (let n = 100; n < 103; n++) await queue.send(batchOf(n, "small"), {});
    const far = recordingSender();
    queue.drain(far, { concurrency: 1 });
    await until(() => far.batches.length >= 8);
    expect(numbersOf(far.batches).slice(0, 8)).toEqual([0, 100, 1, 101, 2, 102, 3, 4]);
  });

  it("keeps the order of each tenant while it takes them in turn", async () => {
    for (let n = 0; n < 60; n++) await queue.send(batchOf(n, n % 6 === 0 ? "small" : "large"), {});
    const far = recordingSender();
    far.script(accepted, down, accepted, accepted, accepted, down, accepted);
    queue.drain(far, { concurrency: 4, concurrencyPerTenant: 1 });
    await until(() => queue.facts().queued.batches === 0);
    for (const tenant of ["small", "large"]) {
      const got = numbersOf(far.batches.filter((batch) => batch.tenant === tenant));
      const once = got.filter((n, index) => n !== got[index - 1]);
      expect(once).toEqual(once.toSorted((a = 0, b = 0) => a - b));
    }
  });

  it("delivers what comes for one tenant at once, whatever another has waiting", async () => {
    for (let n = 0; n < 200; n++) await queue.send(batchOf(n, "large"), {});
    const far = recordingSender();
    const answers: (() => void)[] = [];
    far.script(() => new Promise((resolve) => answers.push(() => resolve(accepted))));
    queue.drain(far, { concurrency: 4, concurrencyPerTenant: 4 });
    await until(() => far.batches.length === 4);
    await queue.send(batchOf(250, "small"), {});
    answers.shift()?.();
    answers.shift()?.();
    await until(() => far.batches.length === 6);
    expect(far.batches.slice(4).map(({ tenant }) => tenant)).toContain("small");
    far.script(accepted);
    for (const answer of answers) answer();
    await until(() => queue.facts().queued.batches === 0);
  });

  it("leaves room for others when the batches of one tenant hang", async () => {
    for (let n = 0; n < 20; n++) await queue.send(batchOf(n, "hangs"), {});
    for (let n = 100; n < 120; n++) await queue.send(batchOf(n, "works"), {});
    const far = recordingSender();
    far.script(({ tenant }) => (tenant === "hangs" ? new Promise(() => {}) : accepted));
    queue.drain(far);
    await until(() => queue.facts().consumers[0]?.tenants.get("works")?.queued.batches === 0, 1);
    expect(queue.facts().consumers[0]?.tenants.get("hangs")?.queued.batches).toBe(20);
  });

  it("tries one batch at a time while the destination is down", async () => {
    for (let n = 0; n < 10; n++) await queue.send(batchOf(n), {});
    const far = recordingSender();
    far.script(down);
    queue.drain(far, { concurrency: 1, initialDelayMs: 1000 });
    await until(() => far.batches.length === 3);
    expect(numbersOf(far.batches)).toEqual([0, 0, 0]);
    far.script(accepted);
    await until(() => queue.facts().queued.batches === 0);
  });

  it("does not let one batch that always fails block the rest", async () => {
    for (let n = 0; n < 5; n++) await queue.send(batchOf(n), {});
    const far = recordingSender();
    far.script((batch) => {
      if (batch.body[0] === 1) throw down;
      return accepted;
    });
    queue.drain(far, { concurrency: 1 });
    await until(() => queue.facts().queued.batches === 1);
    expect(new Set(numbersOf(far.batches))).toEqual(new Set([0, 1, 2, 3, 4]));
    // It is tried again and again.
    await until(() => queue.facts().consumers[0]?.waiting === 1);
  });

  it("waits as long as the destination asks", async () => {
    await queue.send(batchOf(1), {});
    const far = recordingSender();
    far.script(new ExportError("overloaded", "come later", { retryAfterMs: 60_000 }), accepted);
    queue.drain(far);
    await until(() => far.batches.length === 1, 0);
    await until(() => queue.facts().consumers[0]?.waiting === 1, 0);
    const askedAtMs = clock.now();
    await until(() => far.batches.length === 2);
    expect(clock.now() - askedAtMs).toBeGreaterThanOrEqual(60_000);
  });
});
