import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "../decode.ts";
import { encode } from "../encode.ts";
import type { ResourceSpans, Span } from "../generated/model.ts";
import { scan } from "../scan.ts";
import type { RecordedEvent, RecordedLink, RecordedSpan } from "./recorded-span.ts";
import {
  anyAttributes,
  anyContext,
  anyCount,
  anyOrigins,
  anyText,
  anyTime,
  attributesModel,
  bytesOf,
  contextModel,
  flagsModel,
  grouped,
  nanos,
  resource,
  resourceModel,
  scope,
  scopeModel,
  spanId,
  traceId,
} from "./recorded.test.ts";
import { spanEncoder } from "./span-encoder.ts";

/** A span as the SDK 2 and 3 would give it, with some members changed. */
function recordedSpan(change: Partial<RecordedSpan> = {}): RecordedSpan {
  return {
    name: "GET /cart",
    kind: 1,
    spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
    startTime: [1_700_000_000, 123_456_789],
    endTime: [1_700_000_001, 5],
    status: { code: 0 },
    attributes: {},
    links: [],
    events: [],
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...change,
  };
}

/** The span in the decoded model. Members that are what absence means may be left in: `encode` does not write them. */
function spanModel(span: RecordedSpan): Span {
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  const parentId = parent?.spanId ?? span.parentSpanId;
  const { code, message } = span.status;
  return {
    ...contextModel(context),
    ...(parentId !== undefined && { parentSpanId: bytesOf(parentId) }),
    flags: flagsModel(context.traceFlags, parentId === undefined || parent !== undefined, parent?.isRemote),
    name: span.name,
    kind: span.kind + 1,
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
    attributes: attributesModel(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map((event) => ({
      timeUnixNano: nanos(event.time),
      name: event.name,
      attributes: attributesModel(event.attributes),
      droppedAttributesCount: event.droppedAttributesCount ?? 0,
    })),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map((link) => ({
      ...contextModel(link.context),
      attributes: attributesModel(link.attributes),
      droppedAttributesCount: link.droppedAttributesCount ?? 0,
      flags: flagsModel(link.context.traceFlags, true, link.context.isRemote),
    })),
    droppedLinksCount: span.droppedLinksCount,
    ...((code !== 0 || message) && { status: { code, message: message ?? "" } }),
  };
}

/** What the spans become, decoded. */
function request(...spans: RecordedSpan[]): ResourceSpans[] {
  const encoder = spanEncoder();
  for (const span of spans) encoder.add(span);
  return decode("traces", encoder.take()!.body).resourceSpans!;
}

function one(change: Partial<RecordedSpan>): Span {
  return request(recordedSpan(change))[0]!.scopeSpans![0]!.spans![0]!;
}

const context = (change: object): RecordedSpan["spanContext"] => {
  return () => ({ traceId, spanId, traceFlags: 1, ...change });
};

const anyEvent: fc.Arbitrary<RecordedEvent> = fc.record(
  { name: anyText, time: anyTime, attributes: anyAttributes, droppedAttributesCount: anyCount },
  { requiredKeys: ["name", "time"] },
);

const anyLink: fc.Arbitrary<RecordedLink> = fc.record(
  { context: anyContext, attributes: anyAttributes, droppedAttributesCount: anyCount },
  { requiredKeys: ["context"] },
);

const anySpans: fc.Arbitrary<RecordedSpan[]> = anyOrigins.chain(({ resources, scopes }) =>
  fc.array(
    fc
      .record(
        {
          name: anyText,
          kind: fc.integer({ min: 0, max: 4 }),
          spanContext: anyContext.map((each) => () => each),
          parentSpanContext: anyContext,
          startTime: anyTime,
          endTime: anyTime,
          status: fc.record({ code: fc.constantFrom(0, 1, 2), message: anyText }, { requiredKeys: ["code"] }),
          attributes: anyAttributes,
          events: fc.array(anyEvent, { maxLength: 3 }),
          links: fc.array(anyLink, { maxLength: 3 }),
          droppedAttributesCount: anyCount,
          droppedEventsCount: anyCount,
          droppedLinksCount: anyCount,
          resource: fc.constantFrom(...resources),
          instrumentationScope: fc.constantFrom(...scopes),
        },
        { requiredKeys: ["resource", "instrumentationScope"] },
      )
      .map((change) => recordedSpan(change as Partial<RecordedSpan>)),
    { minLength: 1, maxLength: 12 },
  ),
);

/** The request that the spans should become: each resource once, in it each scope once, in the order they come. */
function model(spans: readonly RecordedSpan[]): ResourceSpans[] {
  return grouped(spans, (span) => span.resource).map(([from, ofResource]) => ({
    ...resourceModel(from),
    scopeSpans: grouped(ofResource, (span) => span.instrumentationScope!).map(([of, ofScope]) => ({
      ...scopeModel(of),
      spans: ofScope.map(spanModel),
    })),
  }));
}

describe("the span encoder", () => {
  it("writes any spans as the canonical encoding of what they are, chunk after chunk", () => {
    const encoder = spanEncoder();
    fc.assert(
      fc.property(anySpans, (spans) => {
        encoder.take(); // what a run that failed has left
        let bytes = 0;
        for (const span of spans) bytes += encoder.add(span);
        expect(encoder.items).toBe(spans.length);
        const estimate = encoder.bytes;
        const batch = encoder.take()!;
        expect(batch).toMatchObject({
          signal: "traces",
          items: spans.length,
          format: "protobuf",
          encoding: "identity",
        });
        expect(scan("traces", batch.body)).toBe(spans.length);
        expect(batch.body).toEqual(encode("traces", { resourceSpans: model(spans) }));
        expect(Math.abs(batch.body.length - estimate)).toBeLessThan(100);
        expect(batch.body.length).toBeGreaterThan(bytes);
      }),
      { numRuns: 600 },
    );
  });

  it("gives nothing when nothing was added", () => {
    const encoder = spanEncoder();
    expect(encoder.take()).toBeUndefined();
    encoder.add(recordedSpan());
    expect(encoder.take()).toBeDefined();
    expect(encoder.take()).toBeUndefined();
    expect([encoder.items, encoder.bytes]).toEqual([0, 0]);
  });

  it("says whose parent is remote, when it is known (M-06)", () => {
    const parent = { traceId, spanId: "00f067aa0ba902b7", traceFlags: 1 };
    expect(one({}).flags).toBe(0x101);
    expect(one({ parentSpanContext: parent }).flags).toBe(0x101);
    expect(one({ parentSpanContext: { ...parent, isRemote: true } }).flags).toBe(0x301);
    expect(one({ spanContext: context({ traceFlags: 0x1ff }) }).flags).toBe(0x1ff);
  });

  it("takes spans of the SDK 1, which name parent and scope in another way", () => {
    const { instrumentationScope: _, ...span } = recordedSpan({ parentSpanId: "00f067aa0ba902b7" });
    const [container] = request({ ...span, instrumentationLibrary: { name: "old", version: "0.1" } });
    expect(container?.scopeSpans?.[0]?.scope).toEqual({ name: "old", version: "0.1" });
    const read = container?.scopeSpans?.[0]?.spans?.[0];
    expect(read?.parentSpanId).toEqual(Uint8Array.of(0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7));
    expect(read?.flags).toBe(1);
  });

  it("writes kinds one higher than the SDK has them (M-16) and status codes as they are (M-17)", () => {
    expect([0, 1, 2, 3, 4].map((kind) => one({ kind }).kind)).toEqual([1, 2, 3, 4, 5]);
    expect([1, 2].map((code) => one({ status: { code } }).status)).toEqual([{ code: 1 }, { code: 2 }]);
    expect(one({ status: { code: 0 } }).status).toBeUndefined();
    expect(one({ status: { code: 2, message: "no" } }).status).toEqual({ code: 2, message: "no" });
  });

  it("leaves out ids of parents and links that are none, and refuses spans without their own (M-13)", () => {
    const invalid = { traceId: "0".repeat(32), spanId: "xyz", traceFlags: 0 };
    const span = one({ parentSpanContext: invalid, links: [{ context: invalid }] });
    expect(span.parentSpanId).toBeUndefined();
    expect(span.links).toEqual([{ flags: 0x100 }]);
    const wrong = [
      { traceId: "" },
      { traceId: "0".repeat(32) },
      { traceId: `${traceId}00` },
      { traceId: `g${traceId.slice(1)}` },
      { traceId: `\u0130${traceId.slice(1)}` },
      { traceId: undefined },
      { spanId: "0".repeat(16) },
      { spanId: spanId.slice(1) },
    ];
    for (const change of wrong) {
      const refused = expect.objectContaining({ code: "invalid", message: expect.stringContaining("trace id") });
      expect(() => one({ spanContext: context(change) })).toThrow(refused);
    }
  });

  it("takes moments that are not as they should be, and reads what it cannot take as unknown", () => {
    const start = (startTime: readonly [number, number]): bigint | undefined => one({ startTime }).startTimeUnixNano;
    expect(start([1, 1_000_000_000])).toBe(2_000_000_000n);
    expect(start([2, -1])).toBe(1_999_999_999n);
    expect(start([1.5, 1])).toBe(1_500_000_001n);
    expect(start([1, 1.5])).toBe(1_000_000_001n);
    expect(start([0, 0])).toBeUndefined();
    expect(start([-1, 0])).toBeUndefined();
    expect(start([Number.NaN, 0])).toBeUndefined();
    expect(start([1, Number.NaN])).toBeUndefined();
    expect(start([1e30, 5])).toBe(18_446_744_072_000_000_005n);
  });

  it("reads attributes again for each span, also when the object is the same", () => {
    const attributes: Record<string, unknown> = { a: "1", b: 2 };
    const encoder = spanEncoder();
    encoder.add(recordedSpan({ attributes }));
    attributes["a"] = "changed";
    delete attributes["b"];
    attributes["c"] = true;
    encoder.add(recordedSpan({ attributes }));
    const spans = decode("traces", encoder.take()!.body).resourceSpans![0]!.scopeSpans![0]!.spans!;
    expect(spans.map((span) => span.attributes!.map((each) => each.key))).toEqual([
      ["a", "b"],
      ["a", "c"],
    ]);
    expect(spans[1]!.attributes![0]!.value).toEqual({ stringValue: "changed" });
  });

  it("leaves out attributes with an empty key (M-21) and those that the object only inherits", () => {
    const attributes = Object.assign(Object.create({ inherited: 1 }) as object, { "": 1, own: { "": 2 } });
    expect(one({ attributes }).attributes).toEqual([
      { key: "own", value: { kvlistValue: { values: [{ value: { intValue: 2n } }] } } },
    ]);
  });

  it("is as it was before when a span cannot be read", () => {
    const encoder = spanEncoder();
    encoder.add(recordedSpan({ name: "before" }));
    const { items, bytes } = encoder;
    const throwing = {
      get bad(): never {
        throw new RangeError("not now");
      },
    };
    const otherScope = { name: "other" };
    const broken = [
      { attributes: { before: "x".repeat(50_000), throwing } },
      { events: [{ name: "e", time: [1, 1] as const, attributes: throwing }] },
      { resource: Object.defineProperty({}, "attributes", { get: () => throwing.bad }) as never },
      { resource: undefined as never },
      { startTime: undefined as never },
      { instrumentationScope: otherScope, attributes: throwing as never },
    ];
    for (const change of broken) {
      const refused = expect.objectContaining({
        code: "invalid",
        message: expect.stringMatching(/^cannot encode an item/),
      });
      expect(() => encoder.add(recordedSpan(change))).toThrow(refused);
      expect(encoder.items).toBe(items);
      expect(encoder.bytes).toBeLessThan(bytes + 100);
    }
    encoder.add(recordedSpan({ name: "after" }));
    const [container, ...others] = decode("traces", encoder.take()!.body).resourceSpans!;
    expect(others).toEqual([]);
    expect(container!.scopeSpans!.map((each) => each.spans!.map((span) => span.name))).toEqual([["before", "after"]]);
  });

  it("takes a span of several megabytes, and refuses what no receiver takes", () => {
    const encoder = spanEncoder();
    const text = "é走x".repeat(1_000_000);
    encoder.add(recordedSpan({ name: "small" }));
    encoder.add(recordedSpan({ attributes: { text } }));
    expect(() => encoder.add(recordedSpan({ attributes: { much: new Uint8Array(65 * 1024 * 1024) } }))).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
    encoder.add(recordedSpan({ name: "small too" }));
    const { body } = encoder.take()!;
    expect(scan("traces", body)).toBe(3);
    const spans = decode("traces", body).resourceSpans![0]!.scopeSpans![0]!.spans!;
    expect(spans[1]!.attributes![0]!.value!.stringValue === text).toBe(true);
    expect([spans[0]!.name, spans[2]!.name]).toEqual(["small", "small too"]);
  });

  it("puts scopes that are made anew for each span together, when they say the same", () => {
    const scopes = request(
      recordedSpan({ instrumentationScope: { name: "a" } }),
      recordedSpan({ instrumentationScope: { name: "b" } }),
      recordedSpan({ instrumentationScope: { name: "a" } }),
      recordedSpan({ instrumentationScope: { name: "a", schemaUrl: "https://x/1" } }),
    )[0]!.scopeSpans!;
    expect(scopes.map((each) => [each.scope!.name, each.schemaUrl, each.spans!.length])).toEqual([
      ["a", undefined, 2],
      ["b", undefined, 1],
      ["a", "https://x/1", 1],
    ]);
  });

  it("writes a resource when its attributes are known, at the latest when the chunk is taken", () => {
    const attributes: Record<string, unknown> = { "service.name": "shop" };
    const pending = { attributes, asyncAttributesPending: true };
    const encoder = spanEncoder();
    const keys = (): unknown[] => {
      const { resourceSpans } = decode("traces", encoder.take()!.body);
      return resourceSpans!.map((each) => each.resource!.attributes!.map(({ key }) => key));
    };
    encoder.add(recordedSpan({ resource: pending }));
    attributes["host.name"] = "h1";
    expect(keys()).toEqual([["service.name", "host.name"]]);
    encoder.add(recordedSpan({ resource: pending }));
    encoder.add(recordedSpan({ resource }));
    encoder.add(recordedSpan({ resource: pending }));
    attributes["host.id"] = "1";
    pending.asyncAttributesPending = false;
    expect(keys()).toEqual([["service.name", "host.name", "host.id"], ["service.name"]]);
    encoder.add(recordedSpan({ resource: pending }));
    expect(keys()).toEqual([["service.name", "host.name", "host.id"]]);
  });

  it("writes items without a resource that is pending and then cannot be read", () => {
    const pending = {
      asyncAttributesPending: true,
      get attributes(): never {
        throw new Error("never known");
      },
    };
    const [container] = request(recordedSpan({ resource: pending }));
    expect([container!.resource, container!.scopeSpans![0]!.spans!.length]).toEqual([undefined, 1]);
  });

  it("refuses a span that ends while another is read, and gives no half-written chunk", () => {
    const encoder = spanEncoder();
    const seen: unknown[] = [];
    const ending = {
      toJSON() {
        seen.push(encoder.take());
        expect(() => encoder.add(recordedSpan({ name: "inner" }))).toThrow(
          expect.objectContaining({ code: "invalid" }),
        );
        return "ended";
      },
    };
    encoder.add(recordedSpan({ name: "before" }));
    encoder.add(recordedSpan({ name: "outer", attributes: { ending } }));
    const { body } = encoder.take()!;
    expect(seen).toEqual([undefined]);
    const { spans } = decode("traces", body).resourceSpans![0]!.scopeSpans![0]!;
    expect(spans!.map(({ name }) => name)).toEqual(["before", "outer"]);
    expect(spans![1]!.attributes).toEqual([{ key: "ending", value: { stringValue: "ended" } }]);
  });

  it("keeps in mind only so much, however many keys and texts there are", () => {
    const encoder = spanEncoder();
    for (let chunk = 0; chunk < 30; chunk++) {
      const spans: RecordedSpan[] = [];
      for (let n = 0; n < 100; n++) {
        const id = `${chunk}.${n}`;
        spans.push(recordedSpan({ name: `name ${id}`, attributes: { [`key ${id}`]: `text ${id}`, same: "x", id } }));
      }
      for (const span of spans) encoder.add(span);
      expect(encoder.take()!.body).toEqual(encode("traces", { resourceSpans: model(spans) }));
    }
  });

  it("shares nothing with another encoder", () => {
    const first = spanEncoder();
    const second = spanEncoder();
    first.add(recordedSpan({ instrumentationScope: scope }));
    second.add(recordedSpan({ instrumentationScope: scope }));
    expect([first.take()!.items, second.take()!.items]).toEqual([1, 1]);
  });
});
