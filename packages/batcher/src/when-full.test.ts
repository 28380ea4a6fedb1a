import { type Ack, accepted, type Batch, type ByteBudget, byteBudget, ExportError, fairBudget } from "@otlpkit/core";
import { type FakeClock, fakeClock, type RecordingSender, recordingSender, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { batch, type BatchAnswer, type Batcher, type BatchOptions, type WhenFull } from "./index.ts";

const one = seeded(1).traces({ items: 1 });
const two = seeded(1).traces({ items: 2 });
const bytes = one.body.byteLength;
const gone = { code: "overloaded", retryable: false };

describe("batch that is full", () => {
  it("refuses and says when to come back, unless told otherwise", async () => {
    const { sender, answers } = full();
    const later = { code: "overloaded", retryable: true, retryAfterMs: 1000 };
    expect(await outcome(sender.send(one, {}))).toMatchObject(later);
    expect(answers).toMatchObject([{ batch: one, callers: 1, result: later, sent: false }]);
  });

  it("drop-newest: drops what comes, for good", async () => {
    const { sender, answers } = full({ whenFull: "drop-newest" });
    expect(await outcome(sender.send(one, {}))).toMatchObject(gone);
    expect(answers).toMatchObject([{ batch: one, callers: 1, result: gone, sent: false }]);
  });

  it.each<WhenFull>(["refuse", "block", "drop-newest", "drop-oldest", "sample"])(
    "%s: says that a batch is larger than all the room there is",
    async (whenFull) => {
      const { sender, answers } = setUp({ whenFull, budget: byteBudget(bytes - 1) });
      expect(await outcome(sender.send(one, {}))).toMatchObject({ code: "too-large", retryable: false });
      expect(answers).toMatchObject([{ batch: one, sent: false }]);
    },
  );

  it("says which policies there are", () => {
    expect(() => batch({ whenFull: "panic" as WhenFull })).toThrow(
      "whenFull must be one of refuse, block, drop-newest",
    );
  });
});

describe("batch that drops the oldest", () => {
  it("drops what waits longest and is not under way, and no more than it must", async () => {
    const { sender, outcomes, answers, answerNext, next } = full({ whenFull: "drop-oldest" });
    const latest = outcome(sender.send(one, {}));
    expect(await outcomes[1]).toMatchObject(gone);
    expect(answers).toMatchObject([{ callers: 1, batch: one, result: gone, sent: false }]);
    await answerNext();
    await answerNext();
    expect(await Promise.all([outcomes[0], outcomes[2], latest])).toEqual([accepted, accepted, accepted]);
    expect(next.batches.map(({ items }) => items)).toEqual([1, 2]);
  });

  it("drops what comes when all the rest is under way", async () => {
    const { sender } = full({ whenFull: "drop-oldest", maxConcurrent: 3 });
    expect(await outcome(sender.send(one, {}))).toMatchObject(gone);
  });

  it("drops nothing for one that would not find room even so", async () => {
    const { sender, answers, answerNext, outcomes } = full({ whenFull: "drop-oldest", maxConcurrent: 2 });
    // Two of three are under way. What is held would make room for one.
    expect(await outcome(sender.send(two, {}))).toMatchObject(gone);
    expect(answers).toMatchObject([{ batch: two }]);
    for (let turn = 0; turn < 3; turn++) await answerNext();
    expect(await Promise.all(outcomes)).toEqual([accepted, accepted, accepted]);
  });

  it("drops pieces of a batch that was split, and says how much of it was taken", async () => {
    const whole = seeded(1).traces({ items: 40, resources: 1, scopes: 1 });
    const budget = byteBudget(whole.body.byteLength);
    const { sender, answers, answerNext } = setUp({ whenFull: "drop-oldest", maxItems: 10, budget });
    const cut = sender.send(whole, {});
    const latest = sender.send(one, {});
    expect(answers.map(({ batch: { items }, sent }) => [items, sent])).toEqual([[10, false]]);
    for (let turn = 0; turn < 5; turn++) await answerNext();
    expect(await cut).toMatchObject({ rejectedItems: 10, message: expect.stringContaining("dropped as the oldest") });
    expect(await latest).toBe(accepted);
    expect(budget.usedBytes).toBe(0);
  });
});

describe("batch that blocks", () => {
  it("lets in who waits when there is room, first come, first served", async () => {
    const { sender, clock, answerNext, outcomes } = full({ whenFull: "block" });
    const order: number[] = [];
    const waits = [4, 5].map((each) => sender.send(one, {}).then(() => order.push(each)));
    await answerNext();
    expect(await outcomes[0]).toBe(accepted);
    for (let turn = 0; turn < 3; turn++) await answerNext();
    await Promise.all(waits);
    expect(order).toEqual([4, 5]);
    expect(clock.pending).toBe(0);
  });

  it("lets nobody overtake one that needs more room, and starves nobody", async () => {
    const { sender, clock, answerNext, next, budget } = full({ whenFull: "block", maxConcurrent: 3 });
    const large = sender.send(two, {});
    const small = sender.send(one, {});
    await answerNext();
    // Room for the small one, but it is not its turn.
    expect([next.batches.length, budget.usedBytes]).toEqual([3, 2 * bytes]);
    for (let turn = 0; turn < 4; turn++) await answerNext();
    expect(await Promise.all([large, small])).toEqual([accepted, accepted]);
    expect(next.batches.map(({ items }) => items)).toEqual([1, 1, 1, 2, 1]);
    expect(clock.pending).toBe(0);
  });

  it("lets smaller ones in when the large one before them goes", async () => {
    const { sender, answerNext, next } = full({ whenFull: "block", maxConcurrent: 3 });
    const abort = new AbortController();
    const large = outcome(sender.send(two, { signal: abort.signal }));
    const small = sender.send(one, {});
    await answerNext();
    abort.abort();
    expect(await large).toMatchObject({ code: "cancelled" });
    expect(next.batches).toHaveLength(4);
    for (let turn = 0; turn < 3; turn++) await answerNext();
    expect(await small).toBe(accepted);
  });

  it("waits no longer than the deadline or the abort", async () => {
    const { sender, clock, answers } = full({ whenFull: "block" });
    const abort = new AbortController();
    const late = outcome(sender.send(one, { deadline: clock.now() + 50 }));
    const aborted = outcome(sender.send(one, { signal: abort.signal }));
    await clock.advance(50);
    expect(await late).toMatchObject({ code: "timeout" });
    abort.abort();
    expect(await aborted).toMatchObject({ code: "cancelled" });
    expect(answers.map(({ result, sent }) => [result, sent])).toMatchObject([
      [{ code: "timeout" }, false],
      [{ code: "cancelled" }, false],
    ]);
  });

  it("delivers who waits when it is closed, and sends them away after the time of grace", async () => {
    const patient = full({ whenFull: "block" });
    const waiting = patient.sender.send(one, {});
    const closing = patient.sender.close();
    expect(await outcome(patient.sender.send(one, {}))).toMatchObject({ code: "closed" });
    for (let turn = 0; turn < 3; turn++) await patient.answerNext();
    expect(await waiting).toBe(accepted);
    await closing;
    expect(patient.clock.pending).toBe(0);

    const { sender, clock, next, outcomes, answers } = setUp({
      whenFull: "block",
      budget: byteBudget(bytes),
      closeGraceMs: 1000,
    });
    next.script("hang");
    outcomes.push(outcome(sender.send(one, {})), outcome(sender.send(one, {})));
    const closed = sender.close();
    await clock.advance(1000);
    expect(await Promise.all(outcomes)).toMatchObject([{ code: "closed" }, { code: "closed" }]);
    await closed;
    expect([next.batches.length, clock.pending]).toEqual([1, 0]);
    expect(answers.map(({ sent }) => sent)).toEqual([false, true]);
  });

  it("notices room that others gave back", async () => {
    const budget = byteBudget(3 * bytes);
    budget.reserve(3 * bytes);
    const { sender, clock, answerNext, next } = setUp({ whenFull: "block", budget });
    const waiting = [sender.send(one, {}), sender.send(one, {})];
    await clock.advance(1000);
    expect([next.batches.length, clock.pending]).toEqual([0, 1]);
    budget.release(3 * bytes);
    await clock.advance(100);
    await answerNext();
    await answerNext();
    expect(await Promise.all(waiting)).toEqual([accepted, accepted]);
    expect(clock.pending).toBe(0);
  });
});

describe("batch that samples", () => {
  it("keeps all up to half, and ever less from there", () => {
    const telemetry = seeded(1);
    const budget = byteBudget(1000 * bytes);
    const { sender, answers } = setUp({
      whenFull: "sample",
      budget,
      random: () => telemetry.random(),
      maxConcurrent: Infinity,
    });
    const kept: number[] = [];
    for (let hundred = 0; hundred < 20; hundred++) {
      const before = budget.usedBytes;
      for (let count = 0; count < 100; count++) void outcome(sender.send(one, {}));
      kept.push((budget.usedBytes - before) / bytes);
    }
    expect(kept.slice(0, 5)).toEqual([100, 100, 100, 100, 100]);
    expect(kept[6]).toBeLessThan(100);
    expect(kept[19]).toBeLessThan(kept[6] as number);
    const all = kept.reduce((sum, each) => sum + each, 0);
    expect(answers.filter(({ result }) => ExportError.is(result) && !result.retryable)).toHaveLength(2000 - all);
  });
});

interface Stage {
  readonly sender: Batcher;
  readonly next: RecordingSender;
  readonly clock: FakeClock;
  readonly budget: ReturnType<typeof byteBudget>;
  readonly answers: BatchAnswer[];
  /** What became of sends. */
  readonly outcomes: Promise<unknown>[];
  /** Accepts the request that has been under way for longest, and waits until that is known. */
  readonly answerNext: () => Promise<void>;
}

/** Nothing lingers, one request is under way at a time, and gets no answer until told. */
function setUp(options: BatchOptions, clock: FakeClock = fakeClock()): Stage {
  const next = recordingSender(clock);
  const answers: BatchAnswer[] = [];
  const onAnswer = (answer: BatchAnswer): void => void answers.push(answer);
  const budget = options.budget ?? byteBudget(3 * bytes);
  const answering: (() => void)[] = [];
  next.script(() => new Promise<Ack>((resolve) => answering.push(() => resolve(accepted))));
  const sender = batch({ ...clock, maxAgeMs: 0, maxConcurrent: 1, onAnswer, ...options, budget })(next);
  const answerNext = (): Promise<void> => {
    answering.shift()?.();
    return clock.advance(0);
  };
  return { sender, next, clock, budget, answers, outcomes: [], answerNext };
}

/** With three batches of one span, and no room for a fourth. */
function full(options: BatchOptions = {}): Stage {
  const stage = setUp(options);
  for (let each = 0; each < 3; each++) stage.outcomes.push(outcome(stage.sender.send(one, {})));
  return stage;
}

function outcome(result: Promise<Ack>): Promise<unknown> {
  return result.catch((error: unknown) => error);
}

describe("batch with a budget that tenants share", () => {
  const of = (tenant: string): Batch => ({ ...one, tenant });
  const shared = (clock: FakeClock): ByteBudget =>
    fairBudget({ maxBytes: 5 * bytes, headroom: 0.2, now: () => clock.now(), random: () => 0 });

  it("makes only those wait who have had their share", async () => {
    const clock = fakeClock();
    const { sender, next } = setUp({ whenFull: "block", budget: shared(clock), maxConcurrent: 9 }, clock);
    next.script("hang");
    const noisy = Array.from({ length: 6 }, () => outcome(sender.send(of("noisy"), {})));
    const quiet = outcome(sender.send(of("quiet"), {}));
    await clock.advance(0);
    expect(next.batches.map(({ tenant }) => tenant)).toEqual(["noisy", "noisy", "noisy", "noisy", "quiet"]);
    await next.close();
    await sender.close();
    await Promise.all([...noisy, quiet]);
  });

  it("refuses only those, and says when to come back as the budget has it", async () => {
    const clock = fakeClock();
    const budget = shared(clock);
    const { sender, next } = setUp({ budget, maxConcurrent: 9 }, clock);
    next.script("hang");
    const held = [1, 2, 3, 4].map(() => outcome(sender.send(of("noisy"), {})));
    await clock.advance(2000);
    budget.release(bytes, "noisy");
    budget.reserve(bytes, "noisy");
    // One in two seconds.
    expect(await outcome(sender.send(of("noisy"), {}))).toMatchObject({ code: "overloaded", retryAfterMs: 2000 });
    held.push(outcome(sender.send(of("quiet"), {})));
    await clock.advance(0);
    expect(next.batches.at(-1)?.tenant).toBe("quiet");
    await next.close();
    await Promise.all(held);
    expect(budget.usedBytes).toBe(0);
  });

  it("drops nothing of others to make room", async () => {
    const clock = fakeClock();
    const budget = byteBudget(3 * bytes);
    const { sender, answers, next } = setUp({ whenFull: "drop-oldest", budget, maxConcurrent: 1 }, clock);
    next.script("hang");
    const sent = ["a", "b", "a"].map((tenant) => outcome(sender.send(of(tenant), {})));
    sent.push(outcome(sender.send(of("b"), {})));
    await clock.advance(0);
    expect(answers.map(({ batch: { tenant } }) => tenant)).toEqual(["b"]);
    await next.close();
    await sender.close();
    await Promise.all(sent);
  });
});
