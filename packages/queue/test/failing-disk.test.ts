import { type Batch, protobufBatch } from "@otlpkit/core";
import { fakeClock, recordingSender } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { openQueue, type Queue, type QueueOptions } from "../src/index.ts";
import { randomFrom } from "./random.ts";
import { type Call, simulatedFiles } from "./simulated-files.ts";
import { settled } from "./turns.ts";

const batchOf = (n: number): Batch => protobufBatch("traces", Uint8Array.of(n), 1);

/** A queue on a disk that refuses calls of one kind on segments, as long as `failing` says. */
async function opened(options: Partial<QueueOptions> = {}) {
  const clock = fakeClock();
  const files = simulatedFiles({ random: randomFrom(1) });
  const disk: { failing: Call["kind"] | undefined } = { failing: undefined };
  files.fault = ({ kind, path }) => (kind === disk.failing && path.startsWith("/q/segment") ? "EIO" : undefined);
  const queue = await openQueue({ folder: "/q", files, minFreeBytes: 0, ...clock, ...options });
  return { queue, clock, disk };
}

/** What becomes of a send, as far as it is known. */
function watched(sending: Promise<unknown>): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: "under way" };
  sending.then(
    () => (seen.outcome = "safe"),
    (error: unknown) => (seen.outcome = error),
  );
  return seen;
}

async function delivered(queue: Queue): Promise<(number | undefined)[]> {
  const far = recordingSender();
  queue.drain(far, { concurrency: 1 });
  await queue.flush();
  await queue.close();
  return far.batches.map(({ body }) => body[0]);
}

describe.each(["create", "write", "sync"] as const)("a queue whose disk fails to %s", (kind) => {
  it("refuses, says when to come again, and works again by itself", async () => {
    const { queue, clock, disk } = await opened();
    disk.failing = kind;
    await expect(queue.send(batchOf(1), {})).rejects.toMatchObject({ code: "unavailable", retryAfterMs: 1000 });
    expect(queue.facts().diskError).toMatchObject({ code: "EIO" });
    disk.failing = undefined;
    await clock.advance(1000);
    await queue.send(batchOf(2), {});
    expect(queue.facts().diskError).toBeUndefined();
    expect(await delivered(queue)).toEqual([2]);
  });

  it("lets callers wait until it works again, in order, if they block", async () => {
    const { queue, clock, disk } = await opened({ whenFull: "block" });
    disk.failing = kind;
    const first = watched(queue.send(batchOf(1), {}));
    await settled();
    const second = watched(queue.send(batchOf(2), {}));
    for (let waited = 0; waited < 10; waited++) await clock.advance(1000);
    expect([first.outcome, second.outcome]).toEqual(["under way", "under way"]);
    disk.failing = undefined;
    await clock.advance(1000);
    await expect.poll(() => [first.outcome, second.outcome]).toEqual(["safe", "safe"]);
    expect(await delivered(queue)).toEqual([1, 2]);
  });

  it("lets nobody wait longer than until their deadline, or their abort", async () => {
    const { queue, clock, disk } = await opened({ whenFull: "block" });
    disk.failing = kind;
    const caller = new AbortController();
    const inTime = watched(queue.send(batchOf(1), { deadline: clock.now() + 5000 }));
    const aborted = watched(queue.send(batchOf(2), { signal: caller.signal }));
    await clock.advance(4000);
    expect([inTime.outcome, aborted.outcome]).toEqual(["under way", "under way"]);
    caller.abort();
    await clock.advance(1000);
    await expect.poll(() => inTime.outcome).toMatchObject({ code: "timeout" });
    expect(aborted.outcome).toMatchObject({ code: "cancelled" });
    disk.failing = undefined;
    await clock.advance(2000);
    expect(await delivered(queue)).toEqual([]);
  });
});

it("counts nothing at the next start that it had refused and could not delete", async () => {
  const files = simulatedFiles({ random: randomFrom(1) });
  const options = { folder: "/q", files, minFreeBytes: 0, ...fakeClock() };
  const queue = await openQueue(options);
  files.fault = ({ kind, path }) => (/sync$|remove/.test(kind) && path.startsWith("/q/segment") ? "EIO" : undefined);
  await expect(queue.send(batchOf(1), {})).rejects.toMatchObject({ code: "unavailable" });
  files.fault = () => undefined;
  await settled();
  expect(files.files("/q").filter(({ path }) => path.startsWith("/q/segment"))).toHaveLength(1);
  expect(await delivered(queue)).toEqual([]);

  const again = await openQueue(options);
  expect(again.recovered.queued).toEqual({ batches: 0, items: 0 });
  expect(await delivered(again)).toEqual([]);
  expect(again.facts().consumers[0]?.books.accepted).toEqual({ batches: 0, items: 0 });
});
