import { decode, encode, scan } from "@otlpkit/otlp";
import { describe, expect, it } from "vitest";
import { sameBytes } from "./cases/check.ts";
import { itemIds, ledger, seeded } from "./index.ts";

describe("seeded", () => {
  it("makes the same bytes from the same seed, and others from another", () => {
    for (const signal of ["traces", "metrics", "logs"] as const) {
      const first = seeded(7)[signal]();
      expect(seeded(7)[signal]()).toEqual(first);
      expect(seeded(8)[signal]().body).not.toEqual(first.body);
    }
  });

  it("gives every item an id of its own, over all batches and signals", () => {
    const make = seeded(3);
    const batches = [make.traces(), make.logs({ items: 7 }), make.metrics({ items: 31 }), make.traces({ items: 1 })];
    const ids = batches.flatMap(({ signal, body }) => itemIds(signal, body));
    expect(ids).toHaveLength(139);
    expect(new Set(ids).size).toBe(139);
  });

  it("holds as many items as it says, and leaves out envelopes that would be empty", () => {
    for (const items of [0, 1, 2, 3, 5, 1000]) {
      for (const signal of ["traces", "metrics", "logs"] as const) {
        const batch = seeded(1)[signal]({ items, resources: 3, scopes: 2 });
        expect(itemIds(signal, batch.body), `${items} of ${signal}`).toHaveLength(items);
        expect(batch.items).toBe(items);
      }
    }
    expect(seeded(1).traces({ items: 0 }).body).toHaveLength(0);
  });

  it("is canonical protobuf, as another encoder writes it", () => {
    for (const signal of ["traces", "metrics", "logs"] as const) {
      const { body, items } = seeded(11)[signal]({ items: 500 });
      expect(scan(signal, body)).toBe(items);
      sameBytes(encode(signal, decode(signal, body)), body, signal);
    }
  });

  it("makes spans of about 447 bytes", () => {
    const { body, items } = seeded(1).traces({ items: 10_000, resources: 1, scopes: 1 });
    expect(Math.round(body.length / items)).toBeGreaterThan(437);
    expect(Math.round(body.length / items)).toBeLessThan(457);
  });
});

describe("ledger", () => {
  const make = seeded(5);
  const [first, second, third] = [make.traces({ items: 2 }), make.logs({ items: 2 }), make.metrics({ items: 2 })];

  it("is empty when everything acknowledged arrived once", () => {
    const account = ledger();
    account.sent(first);
    account.received(first);
    account.acknowledged(first, { rejectedItems: 0, message: "" });
    expect(account.report()).toEqual({
      sent: 2,
      acknowledged: 2,
      received: 2,
      missing: [],
      duplicate: [],
      unexpected: [],
      lost: [],
    });
  });

  it("names what is missing, repeated, invented and lost", () => {
    const account = ledger();
    account.sent(first);
    account.acknowledged(first, { rejectedItems: 0, message: "" });
    account.received(itemIds("traces", first.body).slice(1));
    account.received(itemIds("traces", first.body).slice(1));
    account.sent(second);
    account.received(third);
    expect(account.report()).toMatchObject({
      missing: itemIds("traces", first.body).slice(0, 1),
      duplicate: itemIds("traces", first.body).slice(1),
      unexpected: itemIds("metrics", third.body),
      lost: itemIds("logs", second.body),
    });
  });
});
