import { accepted, type Batch, byteBudget, ExportError, protobufBatch, type Signal } from "@otlpkit/core";
import { fakeClock, itemIds, recordingSender, seeded } from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batch, type BatchAnswer, batchWhole, bufferPool, type WhenFull } from "./index.ts";

const reports = (): { readonly answers: BatchAnswer[]; readonly onAnswer: (answer: BatchAnswer) => void } => {
  const answers: BatchAnswer[] = [];
  return { answers, onAnswer: (answer) => void answers.push(answer) };
};

describe("batch reports every item", () => {
  it("that was too large, alone", async () => {
    const { answers, onAnswer } = reports();
    const next = recordingSender();
    const sender = batchWhole({ onAnswer, maxBytes: 100 })(next);
    const large = seeded(1).traces({ items: 2 });
    await expect(sender.send(large, {})).rejects.toMatchObject({ code: "too-large", retryable: false });
    expect(answers).toMatchObject([{ batch: large, callers: 1, result: { code: "too-large" }, sent: false }]);
  });

  it("of what goes through as it is", async () => {
    const { answers, onAnswer } = reports();
    const profile = protobufBatch("profiles", Uint8Array.of(1), 7);
    const next = recordingSender();
    next.script({ rejectedItems: 1, message: "no" }, new ExportError("forbidden", "no"));
    const sender = batch({ onAnswer })(next);
    await sender.send(profile, {});
    await sender.send(profile, {}).catch(() => undefined);
    expect(answers).toMatchObject([
      { batch: profile, callers: 1, result: { rejectedItems: 1 }, sent: true },
      { batch: profile, callers: 1, result: { code: "forbidden" }, sent: true },
    ]);
  });

  it("of what should be split and cannot be read", async () => {
    const { answers, onAnswer } = reports();
    const sender = batch({ onAnswer, maxItems: 1 })(recordingSender());
    const torn = protobufBatch("logs", Uint8Array.of(0x0a, 9), 4);
    const empty = protobufBatch("logs", new Uint8Array(), 4);
    await expect(sender.send(torn, {})).rejects.toMatchObject({ retryable: false });
    await expect(sender.send(empty, {})).rejects.toMatchObject({ code: "invalid" });
    expect(answers.map(({ batch: given, sent }) => [given, sent])).toEqual([
      [torn, false],
      [empty, false],
    ]);
  });

  it("that came too late, for its deadline, its caller or the batcher", async () => {
    const { answers, onAnswer } = reports();
    const next = recordingSender();
    const sender = batch({ onAnswer })(next);
    const one = seeded(1).logs({ items: 1 });
    const late = [sender.send(one, { deadline: 0 }), sender.send(one, { signal: AbortSignal.abort() })];
    await sender.close();
    late.push(sender.send(one, {}));
    const codes = [{ code: "timeout" }, { code: "cancelled" }, { code: "closed" }];
    expect(await Promise.all(late.map((each) => each.catch((error: unknown) => error)))).toMatchObject(codes);
    expect(answers).toMatchObject(codes.map((result) => ({ batch: one, result, sent: false })));
    expect(next.batches).toEqual([]);
  });

  it("of a request for which there was no memory", async () => {
    const { answers, onAnswer } = reports();
    const pool = { ...bufferPool(), take: () => new Uint8Array(new ArrayBuffer(-1)) };
    const next = recordingSender();
    const sender = batch({ onAnswer, pool })(next);
    const sends = [1, 2].map((items) =>
      sender.send(seeded(items).logs({ items }), {}).catch((error: unknown) => error),
    );
    await sender.flush();
    expect(await Promise.all(sends)).toMatchObject([{ code: "rejected" }, { code: "rejected" }]);
    expect(answers.map(({ batch: { items }, sent }) => [items, sent])).toEqual([
      [1, false],
      [2, false],
    ]);
    expect(next.batches).toEqual([]);
  });

  it("exactly once, whatever policy, answers, deadlines, aborts, flushes and closes there are", async () => {
    const send = fc.record({
      signal: fc.constantFrom<Signal>("traces", "metrics", "logs"),
      items: fc.integer({ min: 1, max: 40 }),
      deadlineMs: fc.option(fc.nat(400)),
      abortMs: fc.option(fc.nat(400)),
      form: fc.constantFrom<Partial<Batch>>({}, {}, {}, { headers: { tenant: "a" } }, { encoding: "gzip" }),
    });
    const step = fc.oneof(
      { weight: 5, arbitrary: send },
      { weight: 1, arbitrary: fc.record({ waitMs: fc.nat(150) }) },
      { weight: 1, arbitrary: fc.constant("flush" as const) },
    );
    const settings = fc.record({
      make: fc.constantFrom(batch, batch, batchWhole),
      maxItems: fc.integer({ min: 1, max: 30 }),
      maxBytes: fc.integer({ min: 400, max: 8000 }),
      maxAgeMs: fc.constantFrom(0, 50, 200),
      maxConcurrent: fc.integer({ min: 1, max: 3 }),
      prompt: fc.boolean(),
      whenFull: fc.constantFrom<WhenFull>("refuse", "block", "drop-newest", "drop-oldest", "sample"),
      room: fc.integer({ min: 1000, max: 40_000 }),
      pooled: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 20 }),
        settings,
        fc.nat(),
        fc.nat(30),
        async (steps, { make, room, pooled, ...given }, seed, closeAt) => {
          const telemetry = seeded(seed);
          const random = (): number => telemetry.random();
          const clock = fakeClock();
          // Others hold some of it all the time.
          const budget = byteBudget(room + 500);
          budget.reserve(500);
          const next = recordingSender(clock);
          // The far side reads a request when it answers, as a pool must bear.
          const arrived: string[] = [];
          next.script(async (request) => {
            await clock.sleep(random() * 200);
            const fate = random();
            if (fate < 0.2) throw new ExportError("unavailable", "down");
            if (fate < 0.3) throw new ExportError("invalid", "no");
            arrived.push(...idsOf(request));
            return fate < 0.4 ? { rejectedItems: Math.ceil(request.items / 2), message: "half" } : accepted;
          });
          const reported: string[] = [];
          const delivered: string[] = [];
          let requests = 0;
          let handedOn = 0;
          const onAnswer = ({ batch: told, result, sent }: BatchAnswer): void => {
            expect(told.items).toBe(idsOf(told).length);
            reported.push(...idsOf(told));
            if (!ExportError.is(result)) delivered.push(...idsOf(told));
            if (sent) requests++;
          };
          const pool = pooled ? { pool: bufferPool({ maxHeldBytes: 100_000 }) } : {};
          const sender = make({ ...clock, ...given, ...pool, budget, random, onAnswer, closeGraceMs: 300 })({
            send(request, options) {
              handedOn++;
              return next.send(request, options);
            },
            close: () => next.close(),
          });

          const sent: string[] = [];
          const ends: Promise<unknown>[] = [];
          const flushes: Promise<unknown>[] = [];
          let closing: Promise<void> | undefined;
          for (const [index, each] of steps.entries()) {
            if (index === closeAt) closing = sender.close();
            if (each === "flush") {
              const before = [...sent];
              flushes.push(sender.flush().then(() => expect(reported).toEqual(expect.arrayContaining(before))));
            } else if ("waitMs" in each) {
              await clock.advance(each.waitMs);
            } else {
              const abort = new AbortController();
              if (each.abortMs !== null) void clock.sleep(each.abortMs).then(() => abort.abort());
              const deadline = each.deadlineMs === null ? {} : { deadline: clock.now() + each.deadlineMs };
              const made: Batch = { ...telemetry[each.signal as "traces"]({ items: each.items }), ...each.form };
              sent.push(...idsOf(made));
              ends.push(sender.send(made, { ...deadline, signal: abort.signal }).catch(() => undefined));
            }
            expect(budget.usedBytes).toBeLessThanOrEqual(budget.maxBytes);
          }
          closing ??= sender.close();
          await clock.advance(20_000);
          await Promise.all([closing, ...ends, ...flushes]);

          expect(reported.toSorted()).toEqual(sent.toSorted());
          // What was given up may have arrived all the same.
          expect(arrived).toEqual(expect.arrayContaining(delivered));
          expect(requests).toBe(handedOn);
          expect([budget.usedBytes, clock.pending, next.closes]).toEqual([500, 0, 1]);
          if (pooled) expect(pool.pool?.figures().usedBytes).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** As if nothing were compressed, which here nothing is. */
function idsOf({ signal, body }: Batch): string[] {
  return itemIds(signal, body).map((id) => `${signal} ${id}`);
}
