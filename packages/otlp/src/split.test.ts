import { type Batch, protobufBatch, type Signal } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { requestNames } from "./generated/schema.ts";
import { canMerge, merge } from "./merge.ts";
import { randomMessage } from "./random-message.test.ts";
import { scan } from "./scan.ts";
import { traceIdKey } from "./item-view.ts";
import { splitByKey } from "./split-by-key.ts";
import { splitByBytes, splitByItems } from "./split.ts";

const divisible = fc.constantFrom<Signal>("traces", "metrics", "logs");
const utf8 = new TextEncoder();

function batchOf(signal: Signal, body: Uint8Array): Batch {
  return protobufBatch(signal, body, scan(signal, body));
}

/** Several random requests as one. */
function randomBatch(signal: Signal, seed: number, requests = 3): Batch {
  return merge(
    Array.from({ length: requests }, (_, n) =>
      batchOf(signal, encode(signal, randomMessage(requestNames[signal], seed + n))),
    ),
  );
}

type Message = Record<string, unknown>;

/** Each item with everything that is around it, so that nothing but the grouping is left out. */
function flat(batch: Batch): unknown[] {
  const items: unknown[] = [];
  const request = decode(batch.signal, batch.body) as Message;
  walk(request, [], items);
  return items;
}

/** Steps down through the lists that lead to items; what is beside them is what is around the items. */
function walk(message: Message, around: unknown[], items: unknown[]): void {
  const lists = Object.entries(message).filter(([key]) => down.has(key));
  const rest = Object.fromEntries(Object.entries(message).filter(([key]) => !down.has(key)));
  for (const [key, value] of lists) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (itemLists.has(key)) items.push([...around, rest, child]);
      else walk(child as Message, [...around, rest, key], items);
    }
  }
}

const itemLists = new Set(["spans", "logRecords", "dataPoints"]);
const arms = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
const containers = ["resourceSpans", "scopeSpans", "resourceLogs", "scopeLogs", "resourceMetrics", "scopeMetrics"];
const down = new Set([...itemLists, ...arms, ...containers, "metrics"]);

/** The spans with these numbers, in one scope, 30 bytes or so each. */
function spans(to: number, traces: number = to, from = 0): Batch {
  const list = Array.from({ length: to - from }, (_, n) => ({
    traceId: new Uint8Array(16).fill(((from + n) % traces) + 1),
    name: `span ${from + n}`,
  }));
  const request = { resourceSpans: [{ scopeSpans: [{ scope: { name: "s" }, spans: list, schemaUrl: "u" }] }] };
  return batchOf("traces", encode("traces", request));
}

describe("merge", () => {
  it("joins the items of all, in order", () => {
    fc.assert(
      fc.property(divisible, fc.array(fc.integer(), { minLength: 1, maxLength: 5 }), (signal, seeds) => {
        const parts = seeds.map((seed) => randomBatch(signal, seed, 1));
        const whole = merge(parts);
        expect(scan(signal, whole.body)).toBe(whole.items);
        expect(flat(whole)).toEqual(parts.flatMap(flat));
      }),
    );
  });

  it("hands a single batch back as it is", () => {
    const batch = spans(1);
    expect(merge([batch])).toBe(batch);
  });

  it("is for batches of one signal, in plain protobuf, with equal headers, and not for profiles", () => {
    const a = spans(1);
    const tenant = { ...a, headers: { "x-tenant": "a" } };
    expect(canMerge(a, spans(2))).toBe(true);
    expect(canMerge(tenant, { ...a, headers: { "x-tenant": "a" } })).toBe(true);
    const others: Batch[] = [
      tenant,
      { ...a, signal: "logs" },
      { ...a, encoding: "gzip" },
      { ...a, format: "json" },
      { ...a, headers: { "x-other": "a" } },
    ];
    for (const other of others) {
      expect(canMerge(a, other)).toBe(false);
      expect(() => merge([a, other])).toThrow(TypeError);
    }
    expect(canMerge(tenant, { ...a, headers: { "x-tenant": "b" } })).toBe(false);
    expect(canMerge({ ...a, tenant: "shop" }, { ...a, tenant: "bank" })).toBe(false);
    expect(canMerge({ ...a, tenant: "shop" }, a)).toBe(false);
    const profiles = protobufBatch("profiles", new Uint8Array(0), 0);
    expect(canMerge(profiles, profiles)).toBe(false);
    expect(() => merge([])).toThrow(TypeError);
  });

  it("keeps the headers", () => {
    const tenant = { ...spans(1), headers: { "x-tenant": "a" } };
    expect(merge([tenant, tenant]).headers).toEqual({ "x-tenant": "a" });
  });
});

describe("splitByItems", () => {
  it("gives full pieces that hold the same items, each with what was around it", () => {
    fc.assert(
      fc.property(divisible, fc.integer(), fc.integer({ min: 1, max: 9 }), (signal, seed, maxItems) => {
        const batch = randomBatch(signal, seed);
        const pieces = splitByItems(batch, maxItems);
        expect(pieces.flatMap(flat)).toEqual(flat(batch));
        for (const piece of pieces) expect(scan(signal, piece.body)).toBe(piece.items);
        for (const piece of pieces.slice(0, -1)) expect(piece.items).toBe(maxItems);
        expect(pieces.at(-1)?.items).toBeLessThanOrEqual(maxItems);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves a small batch as it is", () => {
    const batch = spans(5);
    expect(splitByItems(batch, 5)).toEqual([batch]);
    expect(splitByItems(batch, 5)[0]).toBe(batch);
  });

  it("makes no empty envelopes", () => {
    const empty = Uint8Array.of(0x0a, 0x00, 0x0a, 0x02, 0x12, 0x00);
    const batch = merge([batchOf("traces", empty), spans(2), batchOf("traces", empty)]);
    for (const piece of splitByItems(batch, 1)) {
      const request = decode("traces", piece.body);
      expect(request.resourceSpans?.length).toBe(1);
      expect(request.resourceSpans?.[0]?.scopeSpans?.length).toBe(1);
    }
  });

  it("leaves profiles whole, and refuses what it cannot read", () => {
    const profiles = { ...protobufBatch("profiles", new Uint8Array(0), 9) };
    expect(splitByItems(profiles, 2)).toEqual([profiles]);
    expect(() => splitByItems({ ...spans(3), encoding: "gzip" }, 1)).toThrow(/before the compression/);
    expect(() => splitByItems({ ...spans(3), format: "json" }, 1)).toThrow(TypeError);
    expect(() => splitByItems(spans(3), 0)).toThrow(RangeError);
    expect(() => splitByItems(spans(3), Number.NaN)).toThrow(RangeError);
  });

  it("keeps both parts of a metric whose arm was written twice, and drops an arm that was overruled", () => {
    // metric { sum { temporality 2, point } name "m" sum { point, monotonic } }, after a gauge that does not count
    const point = [0x0a, 0x02, 0x40, 0x01];
    const gauge = [0x2a, 0x04, ...point];
    const metric = [...gauge, 0x3a, 0x06, 0x10, 0x02, ...point, 0x0a, 0x01, 0x6d, 0x3a, 0x06, ...point, 0x18, 0x01];
    const body = Uint8Array.from([0x0a, metric.length + 4, 0x12, metric.length + 2, 0x12, metric.length, ...metric]);
    const batch = batchOf("metrics", body);
    expect(batch.items).toBe(2);
    for (const piece of splitByItems(batch, 1)) {
      expect(decode("metrics", piece.body).resourceMetrics?.[0]?.scopeMetrics?.[0]?.metrics).toEqual([
        { name: "m", sum: { dataPoints: [{ flags: 1 }], aggregationTemporality: 2, isMonotonic: true } },
      ]);
    }
  });

  it("writes an over-long tag and length of a container anew and leaves those of items alone", () => {
    const item = [0x92, 0x00, 0x83, 0x00, 0x2a, 0x01, 0x61];
    const scope = [0x12, 0x80 | (item.length * 2), 0x00, ...item, ...item];
    const body = Uint8Array.from([0x8a, 0x80, 0x00, scope.length, ...scope]);
    const pieces = splitByItems(batchOf("traces", body), 1);
    expect(pieces.map((piece) => [...piece.body])).toEqual([
      [0x0a, 9, 0x12, 7, ...item],
      [0x0a, 9, 0x12, 7, ...item],
    ]);
  });
});

describe("splitByBytes", () => {
  it("keeps to the limit, loses nothing, and sets aside only items that are over it alone", () => {
    fc.assert(
      fc.property(divisible, fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (signal, seed, part) => {
        const batch = randomBatch(signal, seed);
        const maxBytes = 1 + Math.floor(batch.body.length * part);
        const { batches, tooLarge } = splitByBytes(batch, maxBytes);
        for (const piece of batches) {
          expect(piece.body.length).toBeLessThanOrEqual(maxBytes);
          expect(scan(signal, piece.body)).toBe(piece.items);
        }
        for (const piece of tooLarge) {
          expect(piece.body.length).toBeGreaterThan(maxBytes);
          expect(scan(signal, piece.body)).toBe(1);
        }
        const got = [...batches, ...tooLarge].flatMap(flat);
        expect(got.length).toBe(batch.items);
        if (tooLarge.length === 0) expect(got).toEqual(flat(batch));
        else expect(new Set(got.map(text))).toEqual(new Set(flat(batch).map(text)));
      }),
      { numRuns: 300 },
    );
  });

  it("makes as few pieces as the order of the items allows", () => {
    const batch = spans(200, 200);
    for (const maxBytes of [60, 100, 127, 128, 129, 130, 131, 132, 133, 150, 1000, 3000]) {
      const { batches, tooLarge } = splitByBytes(batch, maxBytes);
      expect(tooLarge).toEqual([]);
      let from = 0;
      for (const [number, piece] of batches.entries()) {
        expect(piece.body).toEqual(spans(from + piece.items, 200, from).body);
        if (number === batches.length - 1) continue;
        const withOneMore = spans(from + piece.items + 1, 200, from);
        expect(withOneMore.body.length).toBeGreaterThan(maxBytes);
        from += piece.items;
      }
    }
  });

  it("takes the item that fills a piece to the byte", () => {
    const batch = spans(10);
    const five = splitByItems(batch, 5)[0] as Batch;
    expect(splitByBytes(batch, five.body.length).batches.map((piece) => piece.items)).toEqual([5, 5]);
    expect(splitByBytes(batch, five.body.length - 1).batches[0]?.items).toBe(4);
  });

  it("goes on filling a piece after an item that is too large for any", () => {
    const list = ["a", "x".repeat(500), "b"].map((name) => ({ name }));
    const batch = batchOf("traces", encode("traces", { resourceSpans: [{ scopeSpans: [{ spans: list }] }] }));
    const { batches, tooLarge } = splitByBytes(batch, 100);
    expect(batches.map((piece) => piece.items)).toEqual([2]);
    expect(tooLarge.map((piece) => piece.items)).toEqual([1]);
  });

  it("leaves a batch within the limit as it is, and cannot cut profiles", () => {
    const batch = spans(3);
    expect(splitByBytes(batch, batch.body.length).batches[0]).toBe(batch);
    const profiles = protobufBatch("profiles", new Uint8Array(10), 1);
    expect(splitByBytes(profiles, 9)).toEqual({ batches: [], tooLarge: [profiles] });
    expect(() => splitByBytes(batch, 0)).toThrow(RangeError);
  });

  it("leaves nothing of a large batch without items", () => {
    const body = Uint8Array.from([0x0a, 0x08, 0x1a, 0x06, ...utf8.encode("schema")]);
    expect(splitByBytes(batchOf("traces", body), 5)).toEqual({ batches: [], tooLarge: [] });
  });
});

describe("splitByKey", () => {
  it("sorts items by what the key says, in order, with what was around them", () => {
    fc.assert(
      fc.property(divisible, fc.integer(), fc.integer({ min: 1, max: 5 }), (signal, seed, keys) => {
        const batch = randomBatch(signal, seed);
        const sorted = splitByKey(batch, (item) => (item.position * 7) % keys);
        const all = flat(batch);
        let items = 0;
        for (const [key, piece] of sorted) {
          expect(scan(signal, piece.body)).toBe(piece.items);
          expect(flat(piece)).toEqual(all.filter((_, position) => (position * 7) % keys === key));
          items += piece.items;
        }
        expect(items).toBe(batch.items);
      }),
      { numRuns: 200 },
    );
  });

  it("sorts by trace as a key function would", () => {
    for (const [count, traces] of [
      [100, 7],
      [3, 1],
      [1, 1],
      [60, 60],
    ] as const) {
      const batch = spans(count, traces);
      const byTrace = splitByKey(batch, traceIdKey);
      expect(byTrace).toEqual(splitByKey(batch, (item) => item.traceId()));
      expect([...byTrace.keys()]).toEqual(
        Array.from({ length: traces }, (_, n) => (n + 1).toString(16).padStart(2, "0").repeat(16)),
      );
    }
  });

  it("gives items without a trace id the key of none", () => {
    const list = [{ name: "a" }, { traceId: new Uint8Array(16).fill(1) }, { traceId: new Uint8Array(3) }];
    const batch = batchOf("traces", encode("traces", { resourceSpans: [{ scopeSpans: [{ spans: list }] }] }));
    const byTrace = splitByKey(batch, traceIdKey);
    expect([...byTrace].map(([key, piece]) => [key, piece.items])).toEqual([
      ["", 2],
      ["01".repeat(16), 1],
    ]);
    expect(splitByKey(randomBatch("metrics", 1), traceIdKey).size).toBe(1);
  });

  it("hands a batch of one key back as it is, and makes nothing of one without items", () => {
    const batch = spans(4, 1);
    expect(splitByKey(batch, traceIdKey).get("01".repeat(16))).toBe(batch);
    expect(splitByKey(batchOf("traces", Uint8Array.of(0x0a, 0x00)), traceIdKey).size).toBe(0);
  });

  it("leaves profiles whole, under the key of the first", () => {
    const profiles = [{ durationNano: 1n }, { durationNano: 2n }];
    const body = encode("profiles", { resourceProfiles: [{ scopeProfiles: [{ profiles }] }] });
    const batch = batchOf("profiles", body);
    expect(splitByKey(batch, (item) => String(item.integer("durationNano")))).toEqual(new Map([["1", batch]]));
  });
});

function text(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === "bigint" || typeof one === "number" ? String(one) : one,
  );
}
