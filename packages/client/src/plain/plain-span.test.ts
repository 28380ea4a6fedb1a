import { ExportError } from "@otlpkit/core";
import { decode, type Span, spanEncoder } from "@otlpkit/otlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlainSpan, recordedSpan } from "./plain-span.ts";

const resource = { attributes: { "service.name": "shop" } };
const start = 1_700_000_000_000;
const plain: PlainSpan = { name: "checkout", start, end: start + 5 };
const traceId = "0123456789ABCDEF0123456789abcdef";
const spanId = "0123456789ABCDEF";

/** The span as it goes on the wire. */
function encoded(span: PlainSpan): Span {
  const encoder = spanEncoder();
  encoder.add(recordedSpan(span, resource));
  const { body } = encoder.take() ?? {};
  return decode("traces", body ?? new Uint8Array()).resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.[0] ?? {};
}

/** What is said against it. */
function refusal(span: unknown): string | undefined {
  try {
    recordedSpan(span as PlainSpan, resource);
    return undefined;
  } catch (error) {
    if (!ExportError.is(error)) throw error;
    expect(error.code).toBe("invalid");
    return error.message;
  }
}

describe("a span as a plain object", () => {
  it("needs but a name and two times", () => {
    const { traceId, spanId, ...span } = encoded(plain);
    expect(span).toEqual({
      name: "checkout",
      kind: 1,
      startTimeUnixNano: 1_700_000_000_000_000_000n,
      endTimeUnixNano: 1_700_000_000_005_000_000n,
      flags: 0x101,
    });
    expect([traceId?.length, spanId?.length]).toEqual([16, 8]);
  });

  it("has ids of its own unless it is given some", () => {
    const ids = [plain, plain].map((span) => recordedSpan(span, resource).spanContext());
    expect(ids[0]?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(ids[0]?.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(ids[0]?.traceId).not.toBe(ids[1]?.traceId);
    expect(recordedSpan({ ...plain, traceId, spanId }, resource).spanContext()).toMatchObject({
      traceId: traceId.toLowerCase(),
      spanId: spanId.toLowerCase(),
    });
  });

  it("may say all that a span can", () => {
    const full = recordedSpan(
      {
        ...plain,
        traceId,
        spanId,
        parentSpanId: "aaaaaaaaaaaaaaaa",
        traceState: "vendor=1",
        kind: "server",
        attributes: { "http.route": "/cart" },
        events: [{ name: "paid", time: start + 1, attributes: { amount: 3 } }],
        links: [{ traceId, spanId, traceState: "other=2", attributes: { of: "batch" } }],
        status: { code: "error", message: "declined" },
        scope: { name: "shop", version: "1.0" },
      },
      resource,
    );
    const context = { traceId: traceId.toLowerCase(), traceFlags: 1 };
    expect(full).toMatchObject({
      kind: 1,
      parentSpanContext: { ...context, spanId: "aaaaaaaaaaaaaaaa" },
      attributes: { "http.route": "/cart" },
      events: [{ name: "paid", time: [1_700_000_000, 1_000_000], attributes: { amount: 3 } }],
      links: [{ context: { ...context, spanId: spanId.toLowerCase() }, attributes: { of: "batch" } }],
      status: { code: 2, message: "declined" },
      instrumentationScope: { name: "shop", version: "1.0" },
      resource,
    });
    expect(full.spanContext().traceState?.serialize()).toBe("vendor=1");
    expect(full.links[0]?.context.traceState?.serialize()).toBe("other=2");
  });

  it("tells its kind and status in words", () => {
    const kinds = ["internal", "server", "client", "producer", "consumer"] as const;
    expect(kinds.map((kind) => encoded({ ...plain, kind }).kind)).toEqual([1, 2, 3, 4, 5]);
    const codes = ["unset", "ok", "error"] as const;
    expect(codes.map((status) => recordedSpan({ ...plain, status }, resource).status.code)).toEqual([0, 1, 2]);
  });

  it("takes times in four forms", () => {
    const forms = [new Date(start), start, BigInt(start) * 1_000_000n, [start / 1000, 0]] as const;
    for (const form of forms)
      expect(encoded({ ...plain, start: form }).startTimeUnixNano).toBe(BigInt(start) * 1_000_000n);
    expect(encoded({ ...plain, start: 1_700_000_000_123_456_789n }).startTimeUnixNano).toBe(1_700_000_000_123_456_789n);
    expect(encoded({ ...plain, start: start + 0.25 }).startTimeUnixNano).toBe(1_700_000_000_000_250_000n);
  });

  it("keeps every nanosecond that 64 bits can say", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 18_446_744_072_999_999_999n }), (nanoseconds) => {
        expect(encoded({ ...plain, start: nanoseconds }).startTimeUnixNano).toBe(nanoseconds);
      }),
    );
  });

  it.each<[unknown, string]>([
    [undefined, "span must be an object"],
    [{ ...plain, name: "" }, "span.name must be a text that is not empty"],
    [{ name: "x", end: start }, "span.start must be a moment since 1970"],
    [{ ...plain, end: new Date(Number.NaN) }, "span.end must be a moment since 1970"],
    [{ ...plain, end: -1 }, "span.end must be a moment since 1970"],
    [{ ...plain, end: [1, 1e9] }, "span.end must be a moment since 1970"],
    [{ ...plain, end: 10n ** 21n }, "span.end must be a moment since 1970"],
    [{ ...plain, traceId: "0".repeat(32) }, "span.traceId must be a trace id: 32 hex digits, not all 0"],
    [{ ...plain, spanId: "xyz" }, "span.spanId must be a span id: 16 hex digits, not all 0"],
    [{ ...plain, parentSpanId: spanId }, "span.traceId must be given, as there is a parentSpanId"],
    [{ ...plain, traceId, parentSpanId: "1" }, "span.parentSpanId must be a span id"],
    [{ ...plain, kind: "SERVER" }, "span.kind must be one of internal, server, client, producer, consumer"],
    [{ ...plain, kind: "toString" }, "span.kind must be one of"],
    [{ ...plain, status: "failed" }, "span.status must be one of unset, ok, error"],
    [{ ...plain, status: { code: "ok", message: 5 } }, "span.status.message must be a text"],
    [{ ...plain, attributes: ["a"] }, "span.attributes must be an object"],
    [{ ...plain, events: {} }, "span.events must be a list"],
    [{ ...plain, events: [{ name: "a", time: start }, { name: "b" }] }, "span.events[1].time must be a moment"],
    [{ ...plain, links: [{ traceId }] }, "span.links[0].spanId must be a span id"],
    [{ ...plain, scope: { version: "1" } }, "span.scope.name must be a text"],
  ])("names the member that is wrong: %o", (span, message) => {
    expect(refusal(span)).toContain(`cannot record what was given: ${message}`);
  });
});
