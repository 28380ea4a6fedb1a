// Recorded items for the tests of the encoders, and what they are in the decoded model, written down the simplest way.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnyValue, InstrumentationScope, KeyValue, Resource } from "../generated/model.ts";
import type { HrTime, RecordedResource, RecordedScope, RecordedSpanContext } from "./recorded.ts";

export const traceId = "0af7651916cd43dd8448eb211c80319c";
export const spanId = "b7ad6b7169203331";
export const resource: RecordedResource = { attributes: { "service.name": "shop" } };
export const scope: RecordedScope = { name: "http", version: "1.2.3" };

export function resourceModel(from: RecordedResource): { resource: Resource; schemaUrl: string } {
  return {
    resource: {
      attributes: attributesModel(from.attributes),
      droppedAttributesCount: from.droppedAttributesCount ?? 0,
    },
    schemaUrl: from.schemaUrl ?? "",
  };
}

export function scopeModel(from: RecordedScope): { scope: InstrumentationScope; schemaUrl: string } {
  const { name, version = "", attributes, droppedAttributesCount = 0, schemaUrl = "" } = from;
  return { scope: { name, version, attributes: attributesModel(attributes), droppedAttributesCount }, schemaUrl };
}

export function attributesModel(attributes: object = {}): KeyValue[] {
  return Object.entries(attributes).flatMap(([key, value]) => (key === "" ? [] : [entryModel(key, value)]));
}

function entryModel(key: string, value: unknown): KeyValue {
  return { key: wellFormed(key), value: valueModel(value) };
}

/** With U+FFFD for lone surrogates. */
function wellFormed(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}

/** The items by what they have in common, in the order they come. */
export function grouped<Item, By>(items: readonly Item[], by: (item: Item) => By): [By, Item[]][] {
  const groups = new Map<By, Item[]>();
  for (const item of items) groups.set(by(item), [...(groups.get(by(item)) ?? []), item]);
  return [...groups];
}

/** Of a value that is not too deep and not inside itself. */
export function valueModel(value: unknown): AnyValue {
  if (typeof value === "string") return { stringValue: wellFormed(value) };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "bigint") {
    return BigInt.asIntN(64, value) === value ? { intValue: value } : { stringValue: String(value) };
  }
  if (typeof value === "number") {
    const isInteger = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63 && !Object.is(value, -0);
    return isInteger ? { intValue: BigInt(value) } : { doubleValue: value };
  }
  if (typeof value !== "object" || value === null) return {};
  if (value instanceof Uint8Array) return { bytesValue: value };
  if (value instanceof Date) return { stringValue: value.toISOString() };
  if (Array.isArray(value)) return { arrayValue: { values: Array.from(value, valueModel) } };
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return { kvlistValue: { values: entries.map(([key, inner]) => entryModel(String(key), inner)) } };
}

export function contextModel({ traceId: trace, spanId: span, traceState }: RecordedSpanContext): {
  traceId: Uint8Array;
  spanId: Uint8Array;
  traceState: string;
} {
  return { traceId: bytesOf(trace), spanId: bytesOf(span), traceState: traceState?.serialize() ?? "" };
}

export function nanos([seconds, nanoseconds]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function flagsModel(traceFlags: number, known: boolean, isRemote = false): number {
  return traceFlags | (known ? 0x100 : 0) | (isRemote ? 0x200 : 0);
}

const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF".split("")), minLength: digits, maxLength: digits })
    .filter((text) => !/^0+$/.test(text));

/** Text of all kinds: usual and odd, short and long, with and without lone surrogates. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("GET", "/cart/:id", "shop.example.com", "", "走る", "naïve", "\ud800", "🏃"),
  },
  { weight: 2, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom("x", "é", "走", "\udc00"), fc.nat(400)).map(([c, n]) => c.repeat(n)),
  },
);

const key = fc.oneof({ weight: 5, arbitrary: fc.constantFrom("a", "http.route", "url.path", "b", "c", "é") }, anyText);

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: anyText },
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, -0, 2 ** 53, 2 ** 63, -(2 ** 63), 2 ** 31, 2 ** 32, -(2 ** 31), 1e21, 127, 128),
  fc.bigInt(-(2n ** 64n), 2n ** 64n),
  fc.uint8Array({ maxLength: 200 }),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(null, undefined, Symbol("s"), () => 1),
);

/** Any value that an attribute may be given. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    fc
      .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 3, selector: ([name]) => name })
      .map((all) => new Map(all)),
  ),
})).value;

export const anyAttributes: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(key, anyValue, { maxKeys: 8 });

export const anyTime: fc.Arbitrary<HrTime> = fc.tuple(
  fc.oneof(fc.constantFrom(0, 1_700_000_000, 1_700_000_001), fc.integer({ min: 0, max: 18_446_744_072 })),
  fc.integer({ min: 0, max: 999_999_999 }),
);

export const anyCount: fc.Arbitrary<number> = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 }));

export const anyContext: fc.Arbitrary<RecordedSpanContext> = fc.record(
  {
    traceId: fc.oneof(fc.constant(traceId), hex(32)),
    spanId: fc.oneof(fc.constant(spanId), hex(16)),
    traceFlags: fc.integer({ min: 0, max: 255 }),
    traceState: fc.constantFrom("a=1", "ot=th:8,b=2").map((text) => ({ serialize: () => text })),
    isRemote: fc.boolean(),
  },
  { requiredKeys: ["traceId", "spanId", "traceFlags"] },
);

const anySchemaUrl = fc.constantFrom(undefined, "", "https://opentelemetry.io/schemas/1.40.0");

/** A few resources and scopes, to be picked from, so that items share them. */
export const anyOrigins: fc.Arbitrary<{ resources: RecordedResource[]; scopes: RecordedScope[] }> = fc.record({
  resources: fc.array(
    fc.record({
      attributes: fc.oneof(fc.constant({}), anyAttributes),
      schemaUrl: anySchemaUrl,
      droppedAttributesCount: fc.constantFrom(undefined, 3),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  scopes: fc.uniqueArray(
    fc.record({
      name: anyText.map(wellFormed),
      version: fc.constantFrom(undefined, "", "1.0"),
      schemaUrl: anySchemaUrl,
      attributes: fc.oneof(fc.constant(undefined), anyAttributes),
      droppedAttributesCount: fc.constantFrom(undefined, 0, 7),
    }),
    { minLength: 1, maxLength: 3, selector: (each) => JSON.stringify([each.name, each.version, each.schemaUrl]) },
  ),
});

describe("recorded items for tests", () => {
  it("say when they were, to the nanosecond", () => {
    expect(nanos([1_700_000_000, 123_456_789])).toBe(1_700_000_000_123_456_789n);
  });
});
