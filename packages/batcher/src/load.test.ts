import { type Ack, accepted, byteBudget, ExportError, protobufBatch } from "@otlpkit/core";
import { type FakeClock, fakeClock, type RecordingSender, recordingSender, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { batch, type BatchAnswer, type Batcher, type BatchOptions } from "./index.ts";

const one = seeded(1).traces({ items: 1 });
const unavailable = new ExportError("unavailable", "cannot reach collector:4317");

describe("batch whose age is 0", () => {
  it("is prompt when idle, and merges what must wait for its turn", async () => {
    const { sender, clock, sizes } = setUp({ maxAgeMs: 0, maxConcurrent: 2 });
    const sends = Array.from({ length: 50 }, () => sender.send(one, {}));
    expect(sizes()).toEqual([1, 1]);
    await clock.advance(200);
    await Promise.all(sends);
    expect(sizes()).toEqual([1, 1, 48]);
  });

  it("fills requests up to their limits while they wait for their turn", async () => {
    const { sender, clock, sizes } = setUp({ maxAgeMs: 0, maxConcurrent: 1, maxItems: 20 });
    const sends = Array.from({ length: 50 }, () => sender.send(one, {}));
    await clock.advance(400);
    await Promise.all(sends);
    expect(sizes()).toEqual([1, 20, 20, 9]);
  });
});

describe("batch that is prompt", () => {
  it("sends at once while nothing is under way, and with the answer what has come meanwhile", async () => {
    const { sender, clock, sizes } = setUp({ prompt: true, maxAgeMs: 10_000 });
    const sends = [1, 2, 3].map(() => sender.send(one, {}));
    expect(sizes()).toEqual([1]);
    await clock.advance(99);
    expect(sizes()).toEqual([1]);
    await clock.advance(1);
    expect(sizes()).toEqual([1, 2]);
    await clock.advance(100);
    await Promise.all(sends);
    sends.push(sender.send(one, {}));
    expect(sizes()).toEqual([1, 2, 1]);
    await clock.advance(100);
    await Promise.all(sends);
    expect(clock.pending).toBe(0);
  });

  it("does not wait for an answer longer than the age", async () => {
    const { sender, clock, sizes } = setUp({ prompt: true, maxAgeMs: 50 });
    const sends = [1, 2, 3].map(() => sender.send(one, {}));
    await clock.advance(50);
    expect(sizes()).toEqual([1, 2]);
    await clock.advance(100);
    await Promise.all(sends);
  });

  it("is so for each signal by itself", async () => {
    const { sender, clock, next } = setUp({ prompt: true, maxAgeMs: 10_000 });
    const log = seeded(1).logs({ items: 1 });
    const sends = [one, log, one, log].map((each) => sender.send(each, {}));
    expect(next.batches.map(({ signal }) => signal)).toEqual(["traces", "logs"]);
    await clock.advance(200);
    await Promise.all(sends);
  });
});

describe("flush", () => {
  it("sends what is held, and waits for what was there, not for what comes later", async () => {
    const { sender, clock, sizes } = setUp({ maxAgeMs: 10_000 });
    const sends = [sender.send(one, {})];
    const flushed = over(sender.flush());
    await clock.advance(99);
    sends.push(sender.send(one, {}));
    expect([sizes(), flushed.yet]).toEqual([[1], false]);
    await clock.advance(1);
    expect([sizes(), flushed.yet]).toEqual([[1], true]);
    const closing = sender.close();
    await clock.advance(100);
    await Promise.all([closing, ...sends]);
  });

  it("has nothing to wait for when there is nothing", async () => {
    const { sender, clock } = setUp({});
    await sender.flush();
    expect(clock.pending).toBe(0);
  });

  it("does not reject when sends fail", async () => {
    const { sender, clock, next, answers } = setUp({ maxAgeMs: 10_000 });
    next.script(unavailable);
    const sent = sender.send(one, {}).catch((error: unknown) => error);
    const flushed = over(sender.flush());
    await clock.advance(0);
    expect([flushed.yet, answers.length, await sent]).toEqual([true, 1, unavailable]);
  });

  it("waits for what waits for room, which then does not linger", async () => {
    const budget = byteBudget(one.body.byteLength);
    const { sender, clock, sizes } = setUp({ maxAgeMs: 10_000, budget, whenFull: "block" });
    const sends = [sender.send(one, {}), sender.send(one, {})];
    const flushed = over(sender.flush());
    await clock.advance(199);
    expect([sizes(), flushed.yet]).toEqual([[1, 1], false]);
    await clock.advance(1);
    expect(flushed.yet).toBe(true);
    await Promise.all(sends);
  });

  it("waits for what cannot be merged, and for what its caller has left under way", async () => {
    const { sender, clock, answers } = setUp({ maxAgeMs: 10_000 });
    const abort = new AbortController();
    const sends = [
      sender.send(protobufBatch("profiles", Uint8Array.of(1), 1), {}),
      sender.send(one, { signal: abort.signal }).catch(() => accepted),
      sender.send(one, {}),
    ];
    const flushed = over(sender.flush());
    abort.abort();
    await clock.advance(99);
    expect([flushed.yet, answers.length]).toEqual([false, 0]);
    await clock.advance(1);
    expect([flushed.yet, answers.length]).toEqual([true, 2]);
    await Promise.all(sends);
  });

  it("waits for what an earlier flush waits for", async () => {
    const { sender, clock } = setUp({});
    const sent = sender.send(one, {});
    const flushes = [over(sender.flush()), over(sender.flush())];
    await clock.advance(99);
    expect(flushes.map(({ yet }) => yet)).toEqual([false, false]);
    await clock.advance(1);
    expect(flushes.map(({ yet }) => yet)).toEqual([true, true]);
    await sent;
  });
});

interface Stage {
  readonly sender: Batcher;
  readonly next: RecordingSender;
  readonly clock: FakeClock;
  readonly answers: BatchAnswer[];
  /** Items of each request so far. */
  readonly sizes: () => number[];
}

/** Each request takes 100 ms. */
function setUp(options: BatchOptions): Stage {
  const clock = fakeClock();
  const next = recordingSender(clock);
  next.script(async (): Promise<Ack> => {
    await clock.sleep(100);
    return accepted;
  });
  const answers: BatchAnswer[] = [];
  const onAnswer = (answer: BatchAnswer): void => void answers.push(answer);
  const sender = batch({ ...clock, onAnswer, ...options })(next);
  return { sender, next, clock, answers, sizes: () => next.batches.map(({ items }) => items) };
}

function over(promise: Promise<unknown>): { readonly yet: boolean } {
  const state = { yet: false };
  void promise.then(() => (state.yet = true));
  return state;
}
