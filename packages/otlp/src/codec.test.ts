import { describe, expect, it } from "vitest";
import { decode, decodeMessage } from "./decode.ts";
import { encode, encodeMessage } from "./encode.ts";
import { jsonToProtobuf } from "./json.ts";
import { scan } from "./scan.ts";

const anyValue = "opentelemetry.proto.common.v1.AnyValue";
const span = "opentelemetry.proto.trace.v1.Span";
const point = "opentelemetry.proto.metrics.v1.NumberDataPoint";
const record = "opentelemetry.proto.logs.v1.LogRecord";
const buckets = "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint.Buckets";

const invalid = (message: string): unknown =>
  expect.objectContaining({ code: "invalid", message: expect.stringContaining(message) });

describe("decode", () => {
  it("lets the last arm of a oneof win and forgets the others", () => {
    const body = Uint8Array.of(0x0a, 1, 0x61, 0x10, 0, 0x18, 5);
    expect(decodeMessage(anyValue, body)).toEqual({ intValue: 5n });
    const arrays = Uint8Array.of(0x2a, 2, 0x0a, 0, 0x18, 5, 0x2a, 2, 0x0a, 0);
    expect(decodeMessage(anyValue, arrays)).toEqual({ arrayValue: { values: [{}] } });
  });

  it("joins the pieces of one message, also inside a oneof", () => {
    const body = Uint8Array.of(0x2a, 2, 0x0a, 0, 0x2a, 2, 0x0a, 0);
    expect(decodeMessage(anyValue, body)).toEqual({ arrayValue: { values: [{}, {}] } });
  });

  it("takes numbers packed, unpacked and mixed", () => {
    expect(decodeMessage(buckets, Uint8Array.of(0x10, 1, 0x12, 2, 2, 3, 0x12, 0, 0x10, 0x84, 0))).toEqual({
      bucketCounts: [1n, 2n, 3n, 4n],
    });
  });

  it("keeps a byte order mark at the front of text", () => {
    expect(decodeMessage(anyValue, encodeMessage(anyValue, { stringValue: "\ufeffx" }))).toEqual({
      stringValue: "\ufeffx",
    });
  });

  it("shares memory with the body instead of copying ids", () => {
    const body = encodeMessage(span, { traceId: Uint8Array.of(1, 2) });
    expect((decodeMessage(span, body) as { traceId: Uint8Array }).traceId.buffer).toBe(body.buffer);
  });

  it.for([
    [[0x0a, 5, 1], "cut short"],
    [[0x0a], "cut short"],
    [[0x80], "cut short"],
    [[0x39, 1, 2], "cut short"],
    [[0x08, 1], "Span.traceId: wire type 0 where 2 is due"],
    [[0x07, 1], "field number out of range"],
    [[0xfe, 0xff, 0xff, 0xff, 0x1f, 1], "field number out of range"],
    [[0xf8, 7, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], "more than ten bytes"],
    [[0xfb, 7, 0xfc, 6], "a wire type that does not exist or the end of a group that never began"],
    [[0xfb, 7], "cut short"],
    [[0x2a, 1, 0xff], "Span.name: text that is not UTF-8"],
    [[0x2a, 40, ...Array.from({ length: 40 }, () => 0xed)], "Span.name: text that is not UTF-8"],
  ] as const)("refuses %j", ([bytes, message]) => {
    expect(() => decodeMessage(span, Uint8Array.from(bytes))).toThrow(invalid(message));
  });

  it("goes past unknown fields of every kind, groups in groups too", () => {
    const unknown = [0xf8, 7, 1, 0xf9, 7, 1, 2, 3, 4, 5, 6, 7, 8, 0xfa, 7, 2, 0, 0, 0xfd, 7, 1, 2, 3, 4];
    const groups = [0xfb, 7, 0x0b, 0x0a, 1, 0, 0x0c, 0xfc, 7];
    expect(decodeMessage(span, Uint8Array.from([...unknown, ...groups, 0x2a, 1, 0x61]))).toEqual({ name: "a" });
  });

  it("knows its names", () => {
    expect(() => decodeMessage("Span", new Uint8Array(0))).toThrow(TypeError);
  });
});

describe("encode", () => {
  it("leaves out what absence means, and keeps zero where it was set", () => {
    expect(
      encodeMessage(span, { name: "", kind: 0, startTimeUnixNano: 0n, events: [], traceId: new Uint8Array(0) }),
    ).toEqual(new Uint8Array(0));
    expect(encodeMessage(point, { asInt: 0n })).toEqual(Uint8Array.of(0x31, 0, 0, 0, 0, 0, 0, 0, 0));
    expect(encodeMessage(anyValue, { boolValue: false })).toEqual(Uint8Array.of(0x10, 0));
    expect(encodeMessage(span, { status: {} })).toEqual(Uint8Array.of(0x7a, 0));
  });

  it("writes negative enums in ten bytes, as protobuf has it", () => {
    const body = encodeMessage(record, { severityNumber: -1 });
    expect(body).toEqual(Uint8Array.of(0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1));
  });

  it("writes half a surrogate pair as U+FFFD, so that text is always valid", () => {
    expect(decodeMessage(span, encodeMessage(span, { name: "a\ud800b" }))).toEqual({ name: "a\ufffdb" });
  });

  it("grows as needed", () => {
    const values = Array.from({ length: 500 }, (_, i) => ({ stringValue: "é".repeat(i) }));
    const value = { arrayValue: { values: [...values, { bytesValue: new Uint8Array(100_000) }] } };
    expect(decodeMessage(anyValue, encodeMessage(anyValue, value))).toEqual(value);
  });

  it.for([
    [span, { name: 5 }, "Span.name: expected a string"],
    [span, { traceId: "00" }, "Span.traceId: expected a Uint8Array"],
    [span, { startTimeUnixNano: 5 }, "Span.startTimeUnixNano: expected a bigint"],
    [span, { startTimeUnixNano: -1n }, "Span.startTimeUnixNano: out of the range of fixed64"],
    [span, { startTimeUnixNano: 2n ** 64n }, "Span.startTimeUnixNano: out of the range of fixed64"],
    [anyValue, { intValue: 2n ** 63n }, "AnyValue.intValue: out of the range of int64"],
    [span, { kind: 1.5 }, "Span.kind: expected a whole number"],
    [span, { flags: -1 }, "Span.flags: expected a whole number"],
    [span, { flags: "1" }, "Span.flags: expected a number"],
    [span, { attributes: {} }, "Span.attributes: expected an array"],
    [span, { attributes: [undefined] }, "Span.attributes: expected an object"],
    [span, { status: 1 }, "Span.status: expected an object"],
    [anyValue, { boolValue: 1 }, "AnyValue.boolValue: expected a boolean"],
    [anyValue, { doubleValue: "1" }, "AnyValue.doubleValue: expected a number"],
    [anyValue, { boolValue: true, intValue: 1n }, "another arm of the same oneof"],
  ] as const)("refuses a wrong value of %s", ([name, value, message]) => {
    expect(() => encodeMessage(name, value)).toThrow(invalid(message));
  });
});

describe("a hundred messages inside each other", () => {
  // A request, a resource's logs, a scope's logs, a record and then the values: two messages an array.
  const nested = (arrays: number): object => {
    let body: object = {};
    for (let i = 0; i < arrays; i++) body = { arrayValue: { values: [body] } };
    return { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body }] }] }] };
  };
  const json = (arrays: number): Uint8Array => new TextEncoder().encode(JSON.stringify(nested(arrays)));

  it("are the limit of every way in, and scan's too", () => {
    const body = encode("logs", nested(48));
    expect(scan("logs", body)).toBe(1);
    expect(decode("logs", body)).toEqual(nested(48));
    expect(jsonToProtobuf("logs", json(48)).body).toEqual(body);
    expect(() => encode("logs", nested(49))).toThrow(invalid("inside each other"));
    expect(() => jsonToProtobuf("logs", json(49))).toThrow(invalid("inside each other"));
  });

  it("are not passed by an object that contains itself", () => {
    const endless: { arrayValue?: { values: object[] } } = {};
    endless.arrayValue = { values: [endless] };
    expect(() => encodeMessage(anyValue, endless)).toThrow(invalid("inside each other"));
  });
});
