import { type Ack, accepted, ExportError, type Middleware, pipe, protobufBatch, signalNames } from "@otlpkit/core";
import { recordingSender } from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Book,
  bookAnswers,
  bookDeliveries,
  bookRepeats,
  ledgerLines,
  ledgerMetrics,
  metrics,
  openBook,
  placeOf,
  readLedger,
  type Stop,
} from "./index.ts";

const otlp: Stop = { kind: "destination", name: "otlp" };
const place = otlp;
const later = new ExportError("unavailable", "come back");
const never = new ExportError("invalid", "bad");
const batchOf = (items: number, tenant?: string, signal = signalNames[0]!) => {
  const batch = protobufBatch(signal, new Uint8Array(items), items);
  return tenant === undefined ? batch : { ...batch, tenant };
};

/** A queue that answers at once, tries twice, and does in the end what `giveUp` says. */
function answeringEarly(
  book: Book,
  giveUp: "drop" | "lay aside" | "forget",
): Middleware & { drained(): Promise<void> } {
  let work: Promise<unknown> = Promise.resolve();
  const stage: Middleware = (next) => ({
    async send(batch) {
      const own = placeOf(otlp, batch);
      book.queued(own, batch.items);
      work = work.then(async () => {
        const deliver = (): Promise<Ack> => next.send(batch, {});
        await deliver()
          .catch(deliver)
          .catch((error: ExportError) => {
            if (giveUp === "drop") book.settled(own, batch.items, "dropped", `queue/${error.code}`);
            if (giveUp === "lay aside") book.settled(own, batch.items, "dead-lettered", error.code);
          });
        book.queued(own, -batch.items);
      });
      return accepted;
    },
    close: () => next.close(),
  });
  return Object.assign(stage, { drained: () => work.then(() => undefined) });
}

const reply = fc.oneof(
  fc.constant(accepted),
  fc.integer({ min: 0, max: 20 }).map((rejectedItems): Ack => ({ rejectedItems, message: "" })),
  fc.constantFrom(later, never),
);
const sends = fc.array(
  fc.record({
    items: fc.integer({ min: 0, max: 20 }),
    tenant: fc.constantFrom(undefined, "a", "b", "c"),
    signal: fc.constantFrom(...signalNames),
  }),
  { maxLength: 12 },
);

describe("the ledger", () => {
  it("closes for every account, whatever destinations answer and whether senders wait for it", async () => {
    await fc.assert(
      fc.asyncProperty(
        sends,
        fc.array(reply, { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        async (all, script, early) => {
          const book = openBook();
          const end = recordingSender();
          end.script(...script);
          const queue = answeringEarly(book, "drop");
          const stages = [...(early ? [queue] : []), bookDeliveries(book, otlp)];
          const way = pipe(bookAnswers(book, otlp), ...stages, end);
          const answers = await Promise.allSettled(
            all.map((one) => way.send(batchOf(one.items, one.tenant, one.signal), {})),
          );
          await queue.drained();
          const ledger = readLedger(book);
          expect(ledger.open).toEqual([]);
          expect(ledger.closes).toBe(true);
          const taken = all.filter((_, index) => answers[index]?.status === "fulfilled");
          const balance = ledger.destinations["otlp"];
          expect(balance?.accepted ?? 0).toBe(taken.reduce((sum, { items }) => sum + items, 0));
          expect(balance?.queued ?? 0).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("says by how much it does not close, whose items they are, and in which direction", async () => {
    const book = openBook();
    const end = recordingSender();
    end.script(never);
    const queue = answeringEarly(book, "forget");
    const way = pipe(bookAnswers(book, otlp), queue, bookDeliveries(book, otlp), end);
    await way.send(batchOf(7, "shop"), {});
    await way.send(batchOf(1500, "bank"), {});
    await queue.drained();
    book.settled({ ...place, tenant: "twice" }, 3, "delivered");
    const ledger = readLedger(book);
    expect(ledger.closes).toBe(false);
    expect(ledger.open).toEqual([
      { ...place, tenant: "shop", difference: 7 },
      { ...place, tenant: "bank", difference: 1500 },
      { ...place, tenant: "twice", difference: -3 },
    ]);
    expect(ledgerLines(ledger).slice(1)).toEqual([
      "THE LEDGER DOES NOT CLOSE: destination otlp, tenant shop: 7 items were accepted, and nobody knows where they are",
      "THE LEDGER DOES NOT CLOSE: destination otlp, tenant bank: 1,500 items were accepted, and nobody knows where they are",
      "THE LEDGER DOES NOT CLOSE: destination otlp, tenant twice: 3 more items went out than came in",
    ]);
  });

  it("carries over what a queue had kept, and knows what is held", () => {
    const book = openBook();
    book.recovered(place, 1_200);
    book.queued(place, 1_200);
    expect(readLedger(book)).toMatchObject({ closes: true, destinations: { otlp: { recovered: 1200, queued: 1200 } } });
    book.settled(place, 1_000, "delivered");
    book.settled(place, 150, "dead-lettered", "invalid");
    book.queued(place, -1_150);
    const ledger = readLedger(book);
    expect(ledger.closes).toBe(true);
    expect(ledgerLines(ledger)).toEqual([
      "otlp: 1,000 delivered, 0 rejected, 0 dropped, 150 dead-lettered (invalid), 50 queued, 1,200 of them from before the start",
    ]);
  });

  it("asks a stop that knows better how much it holds, tenant by tenant", () => {
    const book = openBook();
    const held = new Map<string | undefined, number>([["shop", 5]]);
    book.holds(otlp, () => held);
    book.accepted({ ...place, tenant: "shop" }, 5);
    expect(readLedger(book)).toMatchObject({ closes: true, tenants: { shop: { queued: 5 } } });
    book.settled({ ...place, tenant: "shop" }, 5, "delivered");
    held.clear();
    expect(readLedger(book)).toMatchObject({ closes: true, tenants: { shop: { queued: 0 } } });
    held.set(undefined, 2);
    expect(readLedger(book).open).toEqual([{ ...place, difference: -2 }]);
  });

  it("keeps refusals, rejections and drops by reason", async () => {
    const book = openBook();
    const end = recordingSender();
    end.script(later, never, { rejectedItems: 4, message: "old" });
    const way = pipe(bookAnswers(book, otlp), bookDeliveries(book, otlp), end);
    for (const items of [1, 2, 10]) await way.send(batchOf(items), {}).catch(() => undefined);
    book.settled(place, 5, "dropped", "drop_oldest/full");
    book.accepted(place, 5);
    const { destinations } = readLedger(book, ["otlp", "idle"]);
    expect(destinations["otlp"]).toMatchObject({ accepted: 15, delivered: 6, rejected: 4, dropped: 5, refused: 3 });
    expect(destinations["otlp"]!.reasons).toEqual({
      refused: { unavailable: 1, invalid: 2 },
      rejected: { "partial success": 4 },
      dropped: { "drop_oldest/full": 5 },
    });
    expect(destinations["idle"]).toMatchObject({ accepted: 0, delivered: 0 });
  });

  it("counts what may have arrived before, attempt by attempt", () => {
    const book = openBook();
    const again = bookRepeats(book, otlp);
    again(batchOf(10), later);
    again(batchOf(10), new ExportError("timeout", "no answer"));
    // These said that they have not taken it.
    again(batchOf(10), new ExportError("overloaded", "no"));
    expect(readLedger(book).destinations["otlp"]).toMatchObject({ repeated: 20, difference: 0 });
  });

  it("bounds tenants and reasons, which come from outside, and loses no item by it", () => {
    const book = openBook({ maxTenants: 2 });
    for (let n = 0; n < 200; n++) {
      book.accepted({ ...place, tenant: `t${n}` }, 1);
      book.settled({ ...place, tenant: `t${n}` }, 1, "dropped", `policy/${n}`);
    }
    const { closes, destinations, tenants } = readLedger(book);
    expect(closes).toBe(true);
    expect(Object.keys(tenants)).toEqual(["t0", "t1", "other"]);
    expect(destinations["otlp"]?.dropped).toBe(200);
    expect(Object.keys(tenants["other"]!.reasons.dropped!).length).toBeLessThan(60);
  });

  it("is not led astray by tenants and reasons that have names of their own in JavaScript", () => {
    const book = openBook();
    book.accepted({ ...place, tenant: "__proto__" }, 2);
    book.settled({ ...place, tenant: "__proto__" }, 2, "rejected", "__proto__");
    book.accepted({ ...place, tenant: "constructor" }, 3);
    book.settled({ ...place, tenant: "constructor" }, 3, "rejected", "constructor");
    const ledger = readLedger(book);
    expect(ledger.closes).toBe(true);
    expect(ledger.destinations["otlp"]?.rejected).toBe(5);
    expect(Object.keys(ledger.tenants)).toEqual(["__proto__", "constructor"]);
  });

  it("can be read as metrics", () => {
    const book = openBook();
    const numbers = metrics();
    ledgerMetrics(numbers, book);
    book.accepted({ ...place, tenant: "shop" }, 10);
    book.settled({ ...place, tenant: "shop" }, 4, "delivered");
    book.settled({ ...place, tenant: "shop" }, 2, "dropped", "queue/closed");
    book.queued({ ...place, tenant: "shop" }, 3);
    book.accepted({ kind: "pipeline", name: "traces" }, 10);
    numbers.read();
    const labels = { exporter: "otlp", tenant: "shop" };
    const sum = (what: string, more = {}) => numbers.sum(`otlpkit_ledger_${what}_items`, { ...labels, ...more });
    expect(["accepted", "delivered", "queued", "difference"].map((what) => sum(what))).toEqual([10, 4, 3, 1]);
    expect(sum("dropped", { reason: "queue/closed" })).toBe(2);
    expect(numbers.sum("otlpkit_ledger_difference_items", { pipeline: "traces" })).toBe(10);
  });
});
