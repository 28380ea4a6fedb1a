import { type Ack, accepted, type Batch, byteBudget, ExportError, type Sender } from "@otlpkit/core";
import { type FakeClock, fakeClock, itemIds, type RecordingSender, recordingSender, seeded } from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batch, type BatchAnswer, type BatchOptions, batcher, type WhenFull } from "./index.ts";

const one = spans(1);
const bytes = one.body.byteLength;

/** Room for three batches of one span; one request under way at a time, which gets no answer until told. */
function full(whenFull: WhenFull, options: BatchOptions = {}) {
  const { sender, next, clock, answers } = setUp({ whenFull, budget: byteBudget(3 * bytes), ...options });
  const answering: (() => void)[] = [];
  next.script(() => new Promise<Ack>((resolve) => answering.push(() => resolve(accepted))));
  const outcomes = [1, 2, 3].map(() => outcome(sender.send(one, {})));
  return { sender, next, clock, answers, outcomes, answerNext: () => answering.shift()?.() };
}

describe("a batcher that is full", () => {
  it("refuses and says when to come back, unless told otherwise", async () => {
    const { sender, answers } = full("refuse");
    expect(await outcome(sender.send(one, {}))).toMatchObject({
      code: "overloaded",
      retryable: true,
      retryAfterMs: 1000,
    });
    expect(answers).toMatchObject([{ sent: false, batch: one, result: { code: "overloaded" } }]);
  });

  it("drop-newest: drops what comes, for good", async () => {
    const { sender } = full("drop-newest");
    expect(await outcome(sender.send(one, {}))).toMatchObject({ code: "overloaded", retryable: false });
  });

  it("drop-oldest: drops what waits longest and is not under way", async () => {
    const { sender, clock, outcomes, answerNext, answers, next } = full("drop-oldest");
    await clock.advance(0);
    const latest = outcome(sender.send(one, {}));
    expect(await outcomes[1]).toMatchObject({ code: "overloaded", retryable: false });
    expect(answers).toMatchObject([{ sent: false, callers: 1, batch: { items: 1 } }]);
    answerNext();
    await clock.advance(0);
    answerNext();
    expect(await Promise.all([outcomes[0], outcomes[2], latest])).toEqual([accepted, accepted, accepted]);
    expect(next.batches.map(({ items }) => items)).toEqual([1, 2]);
  });

  it("drop-oldest: drops what comes when all the rest is under way", async () => {
    const { sender, clock } = full("drop-oldest", { maxConcurrent: 3 });
    await clock.advance(0);
    expect(await outcome(sender.send(one, {}))).toMatchObject({ code: "overloaded", retryable: false });
  });

  it("block: waits for room, first come first served", async () => {
    const { sender, clock, answerNext, outcomes } = full("block");
    const order: number[] = [];
    const waits = [4, 5].map((each) => sender.send(one, {}).then(() => order.push(each)));
    await clock.advance(0);
    answerNext();
    expect(await outcomes[0]).toBe(accepted);
    for (let turn = 0; turn < 3; turn++) {
      await clock.advance(0);
      answerNext();
    }
    await Promise.all(waits);
    expect(order).toEqual([4, 5]);
    expect(clock.pending).toBe(0);
  });

  it("block: waits no longer than the deadline, the abort, or the close", async () => {
    const { sender, clock, answers, answerNext } = full("block");
    const controller = new AbortController();
    const late = outcome(sender.send(one, { deadline: clock.now() + 50 }));
    const aborted = outcome(sender.send(one, { signal: controller.signal }));
    const open = outcome(sender.send(one, {}));
    await clock.advance(50);
    expect(await late).toMatchObject({ code: "timeout" });
    controller.abort();
    expect(await aborted).toMatchObject({ code: "cancelled" });
    const closing = sender.close();
    expect(await open).toMatchObject({ code: "closed" });
    expect(answers.map(({ sent }) => sent)).toEqual([false, false, false]);
    for (let turn = 0; turn < 3; turn++) {
      answerNext();
      await clock.advance(0);
    }
    await closing;
    expect(clock.pending).toBe(0);
  });

  it("block: notices room that others gave back", async () => {
    const budget = byteBudget(3 * bytes);
    budget.reserve(3 * bytes);
    const { sender, clock } = setUp({ whenFull: "block", budget });
    const waiting = sender.send(one, {});
    await clock.advance(1000);
    budget.release(3 * bytes);
    await clock.advance(1000);
    expect(await waiting).toBe(accepted);
  });

  it("sample: keeps all up to half, and ever less from there", async () => {
    let state = 1;
    const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
    const budget = byteBudget(1000 * bytes);
    const { sender, next } = setUp({ whenFull: "sample", budget, random, maxConcurrent: Infinity });
    next.script("hang");
    const kept: number[] = [];
    for (let hundred = 0; hundred < 20; hundred++) {
      const before = budget.usedBytes;
      for (let count = 0; count < 100; count++) void outcome(sender.send(one, {}));
      kept.push((budget.usedBytes - before) / bytes);
    }
    expect(kept.slice(0, 5)).toEqual([100, 100, 100, 100, 100]);
    expect(kept[6]).toBeLessThan(100);
    expect(kept[19]).toBeLessThan(kept[6] as number);
    expect(budget.usedBytes).toBeLessThanOrEqual(budget.maxBytes);
  });

  it.each<WhenFull>(["refuse", "block", "drop-newest", "drop-oldest", "sample"])(
    "%s: says that a batch is larger than all the room there is",
    async (whenFull) => {
      const { sender } = setUp({ whenFull, budget: byteBudget(bytes - 1) });
      expect(await outcome(sender.send(one, {}))).toMatchObject({ code: "too-large" });
    },
  );
});

describe("a prompt batcher", () => {
  it("sends at once while nothing is under way, and merges while something is", async () => {
    const { sender, next, clock } = setUp({ prompt: true, maxAgeMs: 200 });
    next.script(() => clock.sleep(100).then(() => accepted));
    const sends = [1, 2, 3].map(() => sender.send(one, {}));
    await clock.advance(0);
    expect(next.batches.map(({ items }) => items)).toEqual([1]);
    await clock.advance(200);
    expect(next.batches.map(({ items }) => items)).toEqual([1, 2]);
    await clock.advance(100);
    expect(await Promise.all(sends)).toEqual([accepted, accepted, accepted]);
  });
});

describe("a batcher whose age is 0", () => {
  it("still merges what must wait for its turn: large under pressure, prompt when idle", async () => {
    const { sender, next, clock } = setUp({ maxConcurrent: 2 });
    next.script(() => clock.sleep(100).then(() => accepted));
    const sends = Array.from({ length: 50 }, () => sender.send(one, {}));
    await clock.advance(200);
    await Promise.all(sends);
    expect(next.batches.map(({ items }) => items)).toEqual([1, 1, 48]);
  });
});

describe("flush", () => {
  it("sends what is held, and waits for what was there, not for what comes later", async () => {
    const clock = fakeClock();
    const next = recordingSender(clock);
    const held = batcher({ ...clock, maxAgeMs: 10_000 });
    const sender = held.stage(next);
    next.script(() => clock.sleep(100).then(() => accepted));
    void sender.send(one, {});
    let flushed = false;
    const flushing = held.flush().then(() => (flushed = true));
    await clock.advance(99);
    void sender.send(one, {});
    expect([next.batches.length, flushed]).toEqual([1, false]);
    await clock.advance(1);
    await flushing;
    expect(next.batches).toHaveLength(1);
    const closing = sender.close();
    await clock.advance(100);
    await closing;
  });
});

describe("every item is reported exactly once", () => {
  it("whatever policy, answers, deadlines, aborts and closes there are", async () => {
    const send = fc.record({
      items: fc.integer({ min: 1, max: 40 }),
      deadlineMs: fc.option(fc.nat(400)),
      abortMs: fc.option(fc.nat(400)),
      form: fc.constantFrom<Partial<Batch>>({}, {}, {}, { encoding: "gzip" }),
    });
    const step = fc.oneof({ weight: 4, arbitrary: send }, fc.record({ waitMs: fc.nat(150) }));
    const settings = fc.record({
      maxItems: fc.integer({ min: 1, max: 30 }),
      maxBytes: fc.integer({ min: 400, max: 8000 }),
      maxAgeMs: fc.constantFrom(0, 50, 200),
      maxConcurrent: fc.integer({ min: 1, max: 3 }),
      prompt: fc.boolean(),
      whenFull: fc.constantFrom<WhenFull>("refuse", "block", "drop-newest", "drop-oldest", "sample"),
      room: fc.integer({ min: 1000, max: 40_000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 20 }),
        settings,
        fc.nat(),
        fc.nat(19),
        async (steps, given, seed, closeAt) => {
          const { room, ...options } = given;
          const budget = byteBudget(room);
          const telemetry = seeded(seed);
          let draw = seed;
          const random = (): number => (draw = (draw * 16_807 + 1) % 2_147_483_647) / 2_147_483_647;
          const { sender, next, clock, answers } = setUp({ ...options, budget, random, closeGraceMs: 300 });
          next.script(async ({ items }) => {
            await clock.sleep(random() * 200);
            if (random() < 0.3) throw new ExportError("unavailable", "down");
            return random() < 0.2 ? { rejectedItems: Math.ceil(items / 2), message: "half" } : accepted;
          });
          let sent = 0;
          const ends: Promise<unknown>[] = [];
          let closing: Promise<void> | undefined;
          for (const [index, each] of steps.entries()) {
            if (index === closeAt) closing = sender.close();
            if ("waitMs" in each) {
              await clock.advance(each.waitMs);
              continue;
            }
            sent += each.items;
            const abort = new AbortController();
            if (each.abortMs !== null) void clock.sleep(each.abortMs).then(() => abort.abort());
            const deadline = each.deadlineMs === null ? {} : { deadline: clock.now() + each.deadlineMs };
            const made = { ...telemetry.traces({ items: each.items }), ...each.form };
            ends.push(outcome(sender.send(made, { ...deadline, signal: abort.signal })));
          }
          closing ??= sender.close();
          await clock.advance(20_000);
          await closing;
          await Promise.all(ends);
          expect(answers.reduce((sum, { batch: { items } }) => sum + items, 0)).toBe(sent);
          expect([budget.usedBytes, clock.pending]).toEqual([0, 0]);
          // What came too late for its deadline the far side does not even note.
          expect(answers.filter((answer) => answer.sent).length).toBeGreaterThanOrEqual(next.batches.length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

interface Stage {
  readonly sender: Sender;
  readonly next: RecordingSender;
  readonly clock: FakeClock;
  readonly answers: BatchAnswer[];
}

function setUp(options: BatchOptions = {}): Stage {
  const clock = fakeClock();
  const next = recordingSender(clock);
  const answers: BatchAnswer[] = [];
  const onAnswer = (answer: BatchAnswer): void => void answers.push(answer);
  return {
    sender: batch({ ...clock, maxAgeMs: 0, maxConcurrent: 1, onAnswer, ...options })(next),
    next,
    clock,
    answers,
  };
}

function spans(items: number): Batch {
  const made = seeded(1).traces({ items });
  expect(itemIds("traces", made.body)).toHaveLength(items);
  return made;
}

function outcome(result: Promise<Ack>): Promise<unknown> {
  return result.catch((error: unknown) => error);
}
