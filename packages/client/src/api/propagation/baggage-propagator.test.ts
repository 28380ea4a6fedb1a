import {
  type Baggage,
  baggageEntryMetadataFromString,
  createContextKey,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
} from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { baggagePropagator, compositePropagator, traceContextPropagator } from "../index.ts";

function extract(baggage: string | string[]): Record<string, string> {
  const context = baggagePropagator().extract(ROOT_CONTEXT, { baggage }, defaultTextMapGetter);
  const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
  return Object.fromEntries(
    entries.map(([key, { value, metadata }]) => [key, metadata ? `${value};${metadata.toString()}` : value]),
  );
}

function inject(baggage: Baggage): string | undefined {
  const headers: { baggage?: string } = {};
  baggagePropagator().inject(propagation.setBaggage(ROOT_CONTEXT, baggage), headers, defaultTextMapSetter);
  return headers.baggage;
}

function baggageOf(entries: Record<string, string>): Baggage {
  return propagation.createBaggage(
    Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, { value }] as const)),
  );
}

describe("baggage that comes in", () => {
  it.each<[string | string[], Record<string, string>]>([
    [
      "userId=alice,serverNode=DF%2028,isProduction=false",
      { userId: "alice", serverNode: "DF 28", isProduction: "false" },
    ],
    ["userId=Am%C3%A9lie", { userId: "Amélie" }],
    [
      "key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue",
      {
        key1: "value1;property1;property2",
        key2: "value2",
        key3: "value3;propertyKey=propertyValue",
      },
    ],
    [["a=1", "b=2,c=3"], { a: "1", b: "2", c: "3" }],
    ["a=1=2==", { a: "1=2==" }],
    ["a=", { a: "" }],
    ["a=1,a=2", { a: "2" }],
    ["__proto__=1", { ["__proto__"]: "1" }],
    ["a=%C3%28%", { a: "\u{FFFD}(%" }],
    ["a=%EF%BB%BFx", { a: "\u{FEFF}x" }],
    ["%C3%A4=1", { ä: "1" }],
  ])("is read: %j", (header, entries) => {
    expect(extract(header)).toEqual(entries);
  });

  it.each(["", ",", "a", "=1", "a b=1", "ä=1", "a;b=1", 'a"=1'])("is passed over: %j", (header) => {
    expect(extract(header)).toEqual({});
    expect(extract(`${header},good=1`)).toEqual({ good: "1" });
  });

  it("is cut at 180 members and 8,192 bytes, never within a member", () => {
    const many = Array.from({ length: 200 }, (_, index) => `key${index}=1`);
    expect(Object.keys(extract(many.join()))).toHaveLength(180);
    const large = Array.from({ length: 10 }, (_, index) => `k${index}=${"v".repeat(1000)}`);
    const read = extract(large.join());
    expect(Object.keys(read)).toHaveLength(8);
    expect(read["k7"]).toBe("v".repeat(1000));
  });

  it("leaves the context alone when there is none", () => {
    expect(baggagePropagator().extract(ROOT_CONTEXT, {}, defaultTextMapGetter)).toBe(ROOT_CONTEXT);
  });
});

describe("baggage that goes out", () => {
  it("is written in percent encoding, with its properties", () => {
    const baggage = propagation
      .createBaggage({ serverNode: { value: "DF 28, or so;" }, "o'clock": { value: "7" } })
      .setEntry("k", { value: "v", metadata: baggageEntryMetadataFromString("a;b=c") });
    expect(inject(baggage)).toBe("serverNode=DF%2028%2C%20or%20so%3B,o'clock=7,k=v;a;b=c");
  });

  it("comes in as it went out (property)", () => {
    const texts = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.dictionary(texts, fc.string({ unit: "binary", maxLength: 20 }), { maxKeys: 20 }), (entries) => {
        expect(extract(inject(baggageOf(entries)) ?? "")).toEqual({ ...entries });
      }),
    );
  });

  it("leaves out what would not fit or is no header, and never a part of it", () => {
    const sizes = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, "v".repeat(1000)]));
    const header = inject(baggageOf({ ...sizes, small: "fits" })) ?? "";
    expect(header.length).toBeLessThanOrEqual(8192);
    expect(Object.keys(extract(header))).toEqual(["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "small"]);
    const many = baggageOf(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, ""])));
    expect(inject(many)?.split(",")).toHaveLength(180);
    const split = baggageEntryMetadataFromString("p\r\nset-cookie: x");
    expect(inject(propagation.createBaggage({ a: { value: "1", metadata: split }, b: { value: "2" } }))).toBe("b=2");
  });

  it("is nothing without entries, without baggage, and where tracing is suppressed", () => {
    expect(inject(baggageOf({}))).toBeUndefined();
    const headers = {};
    baggagePropagator().inject(ROOT_CONTEXT, headers, defaultTextMapSetter);
    const suppress = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
    const context = propagation.setBaggage(ROOT_CONTEXT, baggageOf({ a: "1" })).setValue(suppress, true);
    baggagePropagator().inject(context, headers, defaultTextMapSetter);
    expect(headers).toEqual({});
  });
});

describe("compositePropagator", () => {
  it("carries what each of them carries", () => {
    const both = compositePropagator(traceContextPropagator(), baggagePropagator());
    const headers = { traceparent: "00-12345678901234567890123456789012-1234567890123456-01", baggage: "a=1" };
    const out = {};
    both.inject(both.extract(ROOT_CONTEXT, headers, defaultTextMapGetter), out, defaultTextMapSetter);
    expect(out).toEqual(headers);
    expect(both.fields()).toEqual(["traceparent", "tracestate", "baggage"]);
  });

  it("goes on when one of them throws", () => {
    const broken: TextMapPropagator = {
      inject: () => {
        throw new Error("no");
      },
      extract: () => {
        throw new Error("no");
      },
      fields: () => ["x-broken", "baggage"],
    };
    const all = compositePropagator(broken, baggagePropagator());
    const out = {};
    all.inject(all.extract(ROOT_CONTEXT, { baggage: "a=1" }, defaultTextMapGetter), out, defaultTextMapSetter);
    expect(out).toEqual({ baggage: "a=1" });
    expect(all.fields()).toEqual(["x-broken", "baggage"]);
  });
});
