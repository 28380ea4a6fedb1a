import { accepted, type Ack, type Batch, byteBudget, ExportError, protobufBatch, type Sender } from "@otlpkit/core";
import {
  type FakeClock,
  fakeClock,
  itemIds,
  middlewareCases,
  type RecordingSender,
  recordingSender,
  seeded,
} from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batch, type BatchAnswer, type BatchOptions } from "./index.ts";

const unavailable = new ExportError("unavailable", "cannot reach collector:4317");
const invalid = new ExportError("invalid", "malformed");

describe("batch keeps the contract", () => middlewareCases({ it }, () => batch({ maxAgeMs: 10 })));

describe("batch", () => {
  it("merges what arrives until it is old enough, and answers everyone", async () => {
    const { sender, next, clock } = setUp();
    const batches = [spans(2, 1), spans(3, 2)];
    const sent = Promise.all(batches.map((each) => sender.send(each, {})));
    await clock.advance(199);
    expect(next.batches).toEqual([]);
    await clock.advance(1);
    expect(await sent).toEqual([accepted, accepted]);
    expect(next.batches.map((each) => each.items)).toEqual([5]);
    expect(idsOf(next.batches)).toEqual(idsOf(batches));
  });

  it("sends as soon as there are enough items (O-04)", async () => {
    const { sender, next } = setUp({ sendItems: 5 });
    await Promise.all([sender.send(spans(2, 1), {}), sender.send(spans(3, 2), {})]);
    expect(next.batches.map((each) => each.items)).toEqual([5]);
  });

  it("sends as soon as no more may be added, though sendItems is larger", async () => {
    const { sender, next } = setUp({ maxItems: 5, sendItems: 100 });
    await Promise.all([sender.send(spans(2, 1), {}), sender.send(spans(3, 2), {})]);
    expect(next.batches.map((each) => each.items)).toEqual([5]);
  });

  it("sends what it has when the next would make it too many items or bytes", async () => {
    const many = setUp({ maxItems: 10, sendItems: 10 });
    const sends = [many.sender.send(spans(6, 1), {}), many.sender.send(spans(6, 2), {})];
    expect(many.next.batches.map((each) => each.items)).toEqual([6]);
    await many.clock.advance(200);
    await Promise.all(sends);
    expect(many.next.batches.map((each) => each.items)).toEqual([6, 6]);

    const one = spans(6, 1);
    const large = setUp({ maxBytes: one.body.byteLength + 100 });
    const others = [large.sender.send(one, {}), large.sender.send(spans(6, 2), {})];
    await large.clock.advance(200);
    await Promise.all(others);
    expect(large.next.batches).toHaveLength(2);
  });

  it("keeps signals and onward headers apart", async () => {
    const { sender, next, clock } = setUp();
    const tenant = (name: string, seed: number): Batch => ({ ...spans(1, seed), headers: { "x-tenant": name } });
    const logs = seeded(9).logs({ items: 1 });
    const sends = [tenant("a", 1), tenant("b", 2), tenant("a", 3), logs, spans(1, 4)].map((each) =>
      sender.send(each, {}),
    );
    await clock.advance(200);
    await Promise.all(sends);
    expect(next.batches.map(({ signal, items, headers }) => [signal, items, headers["x-tenant"]])).toEqual([
      ["traces", 2, "a"],
      ["traces", 1, "b"],
      ["logs", 1, undefined],
      ["traces", 1, undefined],
    ]);
  });

  it("keeps tenants apart, and says of a merged batch whose it is", async () => {
    const { sender, next, clock } = setUp();
    const of = (tenant: string, seed: number): Batch => ({ ...spans(1, seed), tenant });
    const sends = [of("shop", 1), of("bank", 2), of("shop", 3), spans(1, 4)].map((each) => sender.send(each, {}));
    await clock.advance(200);
    await Promise.all(sends);
    expect(next.batches.map(({ items, tenant }) => [items, tenant])).toEqual([
      [2, "shop"],
      [1, "bank"],
      [1, undefined],
    ]);
  });

  it("hands on a batch that stays alone as it is, not copied (H-06)", async () => {
    const { sender, next, clock } = setUp();
    const alone = spans(3, 1);
    const sent = sender.send(alone, {});
    await clock.advance(200);
    await sent;
    expect(next.batches[0]).toBe(alone);
  });

  it("lets profiles and bodies in another form straight through (M-36)", async () => {
    const { sender, next } = setUp();
    const body = Uint8Array.of(1);
    const passing: Batch[] = [
      protobufBatch("profiles", body, 1),
      { ...protobufBatch("traces", body, 1), encoding: "gzip" },
      { ...protobufBatch("traces", body, 1), format: "json" },
    ];
    await Promise.all(passing.map((each) => sender.send(each, {})));
    expect(next.batches).toEqual(passing);
  });

  it("accepts a request without items and does not send it (N1-03, N1-04)", async () => {
    const { sender, next, clock } = setUp();
    expect(await sender.send(protobufBatch("logs", new Uint8Array(), 0), {})).toBe(accepted);
    await clock.advance(1000);
    expect(next.batches).toEqual([]);
  });

  it("holds nothing when the age is 0", async () => {
    const { sender, next, clock } = setUp({ maxAgeMs: 0 });
    await Promise.all([sender.send(spans(1, 1), {}), sender.send(spans(2, 2), {})]);
    expect(next.batches.map((each) => each.items)).toEqual([1, 2]);
    expect(clock.pending).toBe(0);
  });

  it("says which option is wrong when it is made", () => {
    expect(() => batch({ maxItems: -1 })).toThrow("batch: maxItems must be 0 or more, not -1");
    expect(() => batch({ maxConcurrent: 0 })).toThrow(RangeError);
    expect(() => batch({ sendItems: 0 })).toThrow(RangeError);
    expect(() => batch({ maxAgeMs: Number.NaN })).toThrow(RangeError);
  });
});

describe("batch and large batches", () => {
  it("splits by items: 1300 become 512, 512 and 276 (O-02)", async () => {
    const { sender, next, clock } = setUp({ maxItems: 512 });
    const whole = spans(1300, 1);
    const sent = sender.send(whole, {});
    await clock.advance(200);
    expect(await sent).toBe(accepted);
    expect(next.batches.map((each) => each.items)).toEqual([512, 512, 276]);
    expect(idsOf(next.batches)).toEqual(idsOf([whole]));
  });

  it("does not split by items when maxItems is 0", async () => {
    const { sender, next } = setUp({ maxItems: 0, sendItems: 100 });
    await sender.send(spans(1300, 1), {});
    expect(next.batches.map((each) => each.items)).toEqual([1300]);
  });

  it("splits by bytes", async () => {
    const whole = spans(100, 1);
    const maxBytes = Math.ceil(whole.body.byteLength / 3);
    const { sender, next, clock } = setUp({ maxBytes });
    const sent = sender.send(whole, {});
    await clock.advance(200);
    expect(await sent).toBe(accepted);
    expect(next.batches.every((each) => each.body.byteLength <= maxBytes)).toBe(true);
    expect(idsOf(next.batches).toSorted()).toEqual(idsOf([whole]).toSorted());
  });

  it("rejects items that are too large alone, and delivers the rest (N1-06)", async () => {
    const answers: BatchAnswer[] = [];
    const { sender, next, clock } = setUp({ maxBytes: 300, onAnswer: (answer) => answers.push(answer) });
    const small = spanNamed("small");
    const large = spanNamed("large".repeat(100));
    const whole = protobufBatch("traces", concat(small, large, small), 3);
    const sent = sender.send(whole, {});
    await clock.advance(200);
    expect(await sent).toEqual({
      rejectedItems: 1,
      message: expect.stringContaining("larger than a request may be (300)"),
    });
    expect(next.batches.map((each) => each.items)).toEqual([2]);
    expect(answers.map(({ batch: { items }, result }) => [items, "code" in result && result.code])).toEqual([
      [1, "too-large"],
      [2, false],
    ]);
  });

  it("answers at once when nothing is left to send", async () => {
    const { sender, next, budget } = setUp({ maxBytes: 300 });
    const ack = await sender.send(protobufBatch("traces", spanNamed("large".repeat(100)), 1), {});
    expect(ack.rejectedItems).toBe(1);
    expect(next.batches).toEqual([]);
    expect(budget.usedBytes).toBe(0);
  });

  it("fails with the retryable error when a piece may be accepted later", async () => {
    const { sender, next } = setUp({ maxItems: 10 });
    next.script(accepted, unavailable, invalid);
    await expect(sender.send(spans(30, 1), {})).rejects.toBe(unavailable);
  });

  it("makes a partial success of pieces taken and pieces refused for good", async () => {
    const { sender, next } = setUp({ maxItems: 10 });
    next.script({ rejectedItems: 2, message: "two bad" }, invalid, accepted);
    expect(await sender.send(spans(30, 1), {})).toEqual({ rejectedItems: 12, message: "two bad; malformed" });
  });

  it("fails for good when every piece is refused for good", async () => {
    const { sender, next } = setUp({ maxItems: 10 });
    next.script(invalid);
    await expect(sender.send(spans(20, 1), {})).rejects.toBe(invalid);
  });
});

describe("batch and answers", () => {
  it("hands the error of a request to everyone in it", async () => {
    const { sender, next, clock } = setUp();
    next.script(unavailable);
    const sent = [outcome(sender.send(spans(1, 1), {})), outcome(sender.send(spans(1, 2), {}))];
    await clock.advance(200);
    expect(await Promise.all(sent)).toEqual([unavailable, unavailable]);
  });

  it("hands on a partial success to a caller that was alone", async () => {
    const { sender, next, clock } = setUp();
    next.script({ rejectedItems: 1, message: "one was bad" });
    const sent = sender.send(spans(3, 1), {});
    await clock.advance(200);
    expect(await sent).toEqual({ rejectedItems: 1, message: "one was bad" });
  });

  it("turns a partial success of several into a warning, and tells onAnswer the count", async () => {
    const answers: BatchAnswer[] = [];
    const { sender, next, clock } = setUp({ onAnswer: (answer) => answers.push(answer) });
    next.script({ rejectedItems: 1, message: "one was bad" });
    const sent = [sender.send(spans(3, 1), {}), sender.send(spans(2, 2), {})];
    await clock.advance(200);
    const warning = "1 of 5 items of a merged request were rejected: one was bad";
    expect(await Promise.all(sent)).toEqual([
      { rejectedItems: 0, message: warning },
      { rejectedItems: 0, message: warning },
    ]);
    expect(answers).toEqual([
      { batch: next.batches[0], callers: 2, result: { rejectedItems: 1, message: "one was bad" }, sent: true },
    ]);
  });

  it("says to everyone that all theirs were rejected when all were", async () => {
    const { sender, next, clock } = setUp();
    next.script({ rejectedItems: 5, message: "read only" });
    const sent = [sender.send(spans(3, 1), {}), sender.send(spans(2, 2), {})];
    await clock.advance(200);
    expect((await Promise.all(sent)).map((ack) => ack.rejectedItems)).toEqual([3, 2]);
  });

  it("hands a warning to everyone (G-04)", async () => {
    const { sender, next, clock } = setUp();
    next.script({ rejectedItems: 0, message: "slow down" });
    const sent = [sender.send(spans(3, 1), {}), sender.send(spans(2, 2), {})];
    await clock.advance(200);
    expect((await Promise.all(sent)).map((ack) => ack.message)).toEqual(["slow down", "slow down"]);
  });
});

describe("batch and callers that leave", () => {
  it("sends with the latest deadline of all, and none if one has none", async () => {
    const { sender, next, clock } = setUp();
    const sent = [sender.send(spans(1, 1), { deadline: 900 }), sender.send(spans(1, 2), { deadline: 5000 })];
    await clock.advance(200);
    sent.push(sender.send(spans(1, 3), { deadline: 900 }), sender.send(spans(1, 4), {}));
    await clock.advance(200);
    await Promise.all(sent);
    expect(next.options.map(({ deadline }) => deadline)).toEqual([5000, undefined]);
    expect(clock.pending).toBe(0);
  });

  it("tells one that its time is over while the request goes on for the others", async () => {
    const { sender, next, clock } = setUp();
    const late = later();
    next.script(() => late.ack);
    const first = outcome(sender.send(spans(1, 1), { deadline: 500 }));
    const second = sender.send(spans(1, 2), {});
    await clock.advance(500);
    expect(await first).toMatchObject({ code: "timeout", retryable: true });
    late.answer(accepted);
    expect(await second).toBe(accepted);
    expect(next.batches.map((each) => each.items)).toEqual([2]);
  });

  it("leaves out what was not yet sent of one that has gone", async () => {
    const { sender, next, clock, budget } = setUp();
    const abort = new AbortController();
    const gone = outcome(sender.send(spans(4, 1), { signal: abort.signal }));
    const stays = spans(1, 2);
    const sent = sender.send(stays, {});
    await clock.advance(100);
    abort.abort();
    expect(await gone).toMatchObject({ code: "cancelled" });
    expect(budget.usedBytes).toBe(stays.body.byteLength);
    await clock.advance(100);
    expect(await sent).toBe(accepted);
    expect(next.batches).toEqual([stays]);
  });

  it("leaves room for others where one has gone, and keeps no timer of it", async () => {
    const one = spans(1, 1);
    const { sender, next, clock } = setUp({ maxItems: 3, maxBytes: 3 * one.body.byteLength });
    const abort = new AbortController();
    const gone = outcome(sender.send(one, { signal: abort.signal, deadline: 10_000 }));
    const sent = [sender.send(one, {})];
    expect(clock.pending).toBe(2);
    abort.abort();
    await gone;
    expect(clock.pending).toBe(1);
    sent.push(sender.send(one, {}));
    expect(next.batches).toEqual([]);
    sent.push(sender.send(one, {}));
    await Promise.all(sent);
    expect(next.batches.map((each) => each.items)).toEqual([3]);
  });

  it("leaves out the pieces that were not yet sent of one that has gone", async () => {
    const { sender, next, clock, budget } = setUp({ maxItems: 10, maxConcurrent: 1 });
    const late = later();
    next.script(() => late.ack);
    const abort = new AbortController();
    const gone = outcome(sender.send(spans(35, 1), { signal: abort.signal }));
    abort.abort();
    expect(await gone).toMatchObject({ code: "cancelled" });
    late.answer(accepted);
    await clock.advance(200);
    expect(next.batches.map((each) => each.items)).toEqual([10]);
    expect(budget.usedBytes).toBe(0);
  });

  it("breaks a request off when all its callers have gone, and not before", async () => {
    const { sender, next, clock, budget } = setUp();
    next.script("hang");
    const aborts = [new AbortController(), new AbortController()];
    const sent = aborts.map(({ signal }, index) => outcome(sender.send(spans(1, index), { signal })));
    await clock.advance(200);
    aborts[0]?.abort();
    expect(next.options[0]?.signal?.aborted).toBe(false);
    aborts[1]?.abort();
    expect(next.options[0]?.signal?.aborted).toBe(true);
    expect(await Promise.all(sent)).toMatchObject([{ code: "cancelled" }, { code: "cancelled" }]);
    await clock.advance(0);
    expect(budget.usedBytes).toBe(0);
  });

  it("sends nothing for one that had gone before", async () => {
    const { sender, next, clock } = setUp();
    expect(await outcome(sender.send(spans(1, 1), { signal: AbortSignal.abort() }))).toMatchObject({
      code: "cancelled",
    });
    await clock.advance(200);
    expect(next.batches).toEqual([]);
  });
});

describe("batch and too much", () => {
  it("refuses what does not fit into the budget, and says when to come back", async () => {
    const one = spans(10, 1);
    const { sender, next, clock, budget } = setUp({ budget: byteBudget(one.body.byteLength) });
    const late = later();
    next.script(() => late.ack);
    const first = sender.send(one, {});
    expect(await outcome(sender.send(spans(1, 2), {}))).toMatchObject({
      code: "overloaded",
      retryable: true,
      retryAfterMs: 1000,
    });
    await clock.advance(200);
    expect(budget.usedBytes).toBe(one.body.byteLength);
    late.answer(accepted);
    await first;
    expect(budget.usedBytes).toBe(0);
    const again = sender.send(spans(1, 3), {});
    await clock.advance(200);
    await again;
  });

  it("derives when to come back from how fast it drains", async () => {
    const one = spans(100, 1);
    const { sender, clock, next } = setUp({ budget: byteBudget(one.body.byteLength) });
    const takingTwoSeconds = async (): Promise<Ack> => {
      await clock.sleep(2000);
      return accepted;
    };
    next.script(takingTwoSeconds);
    await clock.advance(60_000);
    const first = sender.send(one, {});
    await clock.advance(2200);
    await first;
    const second = sender.send(one, {});
    expect(await outcome(sender.send(one, {}))).toMatchObject({ code: "overloaded", retryAfterMs: 2200 });
    await clock.advance(2200);
    await second;
  });

  it("refuses for good what could never fit", async () => {
    const { sender } = setUp({ budget: byteBudget(100) });
    expect(await outcome(sender.send(spans(10, 1), {}))).toMatchObject({ code: "too-large", retryable: false });
  });

  it("keeps to so many requests at a time for each signal, and goes on merging meanwhile (H-03)", async () => {
    const { sender, next, clock } = setUp({ maxConcurrent: 1 });
    const late = later();
    next.script(() => late.ack, accepted);
    const sent = [sender.send(spans(1, 1), {})];
    await clock.advance(200);
    for (let seed = 2; seed < 5; seed++) {
      sent.push(sender.send(spans(1, seed), {}));
      await clock.advance(200);
    }
    sent.push(sender.send(seeded(1).logs({ items: 1 }), {}));
    await clock.advance(200);
    expect(next.batches.map(({ signal, items }) => [signal, items])).toEqual([
      ["traces", 1],
      ["logs", 1],
    ]);
    late.answer(accepted);
    await Promise.all(sent);
    expect(next.batches.map(({ signal, items }) => [signal, items]).at(-1)).toEqual(["traces", 3]);
  });
});

describe("batch when closed", () => {
  it("sends what it holds, waits for the answers, then closes what is behind it", async () => {
    const { sender, next, clock } = setUp();
    const sent = sender.send(spans(2, 1), {});
    await Promise.all([sender.close(), sender.close()]);
    expect(await sent).toBe(accepted);
    expect([next.closed, next.closes, clock.pending]).toEqual([true, 1, 0]);
    expect(await outcome(sender.send(spans(1, 1), {}))).toMatchObject({ code: "closed" });
  });

  it("closes what is behind it after the time of grace, so that retries end", async () => {
    const { sender, next, clock } = setUp({ maxConcurrent: 1, closeGraceMs: 1000 });
    next.script("hang");
    const sent = [outcome(sender.send(spans(1, 1), {}))];
    await clock.advance(200);
    sent.push(outcome(sender.send(spans(1, 2), {})));
    const closed = sender.close();
    await clock.advance(999);
    expect([next.closes, next.batches.length]).toEqual([0, 1]);
    await clock.advance(1);
    await closed;
    expect(next.batches).toHaveLength(2);
    expect(await Promise.all(sent)).toMatchObject([{ code: "closed" }, { code: "closed" }]);
  });
});

describe("batch, whatever happens in whatever order", () => {
  it("sends every item exactly once, in no request above the limits, and answers everyone", async () => {
    const send = fc.record({
      signal: fc.constantFrom("traces" as const, "metrics" as const, "logs" as const),
      items: fc.integer({ min: 1, max: 60 }),
      tenant: fc.constantFrom("", "", "a"),
    });
    const step = fc.oneof({ weight: 3, arbitrary: send }, fc.record({ waitMs: fc.nat(150) }));
    const limits = fc.record({
      maxItems: fc.integer({ min: 0, max: 50 }),
      sendItems: fc.integer({ min: 1, max: 80 }),
      maxBytes: fc.integer({ min: 2_000, max: 20_000 }),
      maxAgeMs: fc.nat(200),
      maxConcurrent: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), limits, fc.nat(), async (steps, options, seed) => {
        // The most that can be made, one at a time, takes 22 s; the limit of concurrency holds until then.
        const { sender, next, clock, budget } = setUp({ ...options, closeGraceMs: 60_000 });
        next.script(async () => {
          await clock.sleep(30);
          return accepted;
        });
        const telemetry = seeded(seed);
        const sent: Batch[] = [];
        const answers: Promise<Ack>[] = [];
        for (const each of steps) {
          if ("waitMs" in each) {
            await clock.advance(each.waitMs);
            continue;
          }
          const made = telemetry[each.signal]({ items: each.items });
          const headers: Record<string, string> = each.tenant === "" ? {} : { tenant: each.tenant };
          sent.push({ ...made, headers });
          answers.push(sender.send({ ...made, headers }, {}));
        }
        const closed = sender.close();
        await clock.advance(60_000);
        await closed;

        expect(await Promise.all(answers)).toEqual(answers.map(() => accepted));
        for (const tenant of [undefined, "a"]) {
          const of = (batches: readonly Batch[]): string[] =>
            idsOf(batches.filter(({ headers }) => headers["tenant"] === tenant)).toSorted();
          expect(of(next.batches)).toEqual(of(sent));
        }
        for (const request of next.batches) {
          expect(request.items).toBe(itemIds(request.signal, request.body).length);
          expect(request.items).toBeLessThanOrEqual(options.maxItems || Infinity);
          expect(request.body.byteLength).toBeLessThanOrEqual(options.maxBytes);
        }
        expect(next.maxUnderWay).toBeLessThanOrEqual(3 * options.maxConcurrent);
        expect([budget.usedBytes, clock.pending]).toEqual([0, 0]);
      }),
      { numRuns: 60 },
    );
  });
});

interface Stage {
  readonly sender: Sender;
  readonly next: RecordingSender;
  readonly clock: FakeClock;
  readonly budget: ReturnType<typeof byteBudget>;
}

function setUp(options: BatchOptions = {}): Stage {
  const clock = fakeClock();
  const next = recordingSender(clock);
  const budget = options.budget ?? byteBudget(64 * 1024 * 1024);
  return { sender: batch({ ...clock, ...options, budget })(next), next, clock, budget };
}

function spans(items: number, seed: number): Batch {
  return seeded(seed).traces({ items });
}

function idsOf(batches: readonly Batch[]): string[] {
  return batches.flatMap(({ signal, body }) => itemIds(signal, body).map((id) => `${signal} ${id}`));
}

/** A request of one span that has only a name. */
function spanNamed(name: string): Uint8Array {
  const field = (tag: number, bytes: Uint8Array): Uint8Array => {
    const { length } = bytes;
    return concat(Uint8Array.of(tag, ...(length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7])), bytes);
  };
  // Request.resource_spans 1, ResourceSpans.scope_spans 2, ScopeSpans.spans 2, Span.name 5
  return field(0x0a, field(0x12, field(0x12, field(0x2a, new TextEncoder().encode(name)))));
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function later(): { readonly ack: Promise<Ack>; answer(ack: Ack): void } {
  let resolve: ((ack: Ack) => void) | undefined;
  const ack = new Promise<Ack>((done) => (resolve = done));
  return { ack, answer: (given) => resolve?.(given) };
}

async function outcome(result: Promise<Ack>): Promise<unknown> {
  return result.catch((error: unknown) => error);
}
