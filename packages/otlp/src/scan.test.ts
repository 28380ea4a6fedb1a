import { ExportError, type Signal, signalNames } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "./encode.ts";
import { requestNames } from "./generated/schema.ts";
import { randomMessage } from "./random-message.test.ts";
import { scan } from "./scan.ts";

/** A field with a length in front. */
function field(number: number, ...parts: (number | string | readonly number[])[]): number[] {
  const content = parts.flatMap((part) =>
    typeof part === "string" ? [...new TextEncoder().encode(part)] : typeof part === "number" ? [part] : part,
  );
  return [...varint((number << 3) | 2), ...varint(content.length), ...content];
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** A request of traces with one span. */
function span(...parts: (number | string | readonly number[])[]): Uint8Array {
  return Uint8Array.from(field(1, field(2, field(2, ...parts))));
}

/** A request of metrics with one metric. */
function metric(...parts: (number | readonly number[])[]): Uint8Array {
  return Uint8Array.from(field(1, field(2, field(2, ...parts))));
}

function refusal(signal: Signal, body: Uint8Array, maxDepth?: number): string {
  try {
    scan(signal, body, maxDepth === undefined ? {} : { maxDepth });
  } catch (error) {
    if (ExportError.is(error) && error.code === "invalid") return error.message;
    throw error;
  }
  return "";
}

const text = "héllo";

describe("scan", () => {
  it("takes whatever the encoder writes", () => {
    fc.assert(
      fc.property(fc.constantFrom<Signal>(...signalNames), fc.integer(), (signal, seed) => {
        expect(refusal(signal, encode(signal, randomMessage(requestNames[signal], seed)))).toBe("");
      }),
      { numRuns: 400 },
    );
  });

  it("counts spans, log records, data points and profiles", () => {
    const scope = { scopeSpans: [{ spans: [{}, { name: "two" }] }, { spans: [{}] }, {}] };
    expect(scan("traces", encode("traces", { resourceSpans: [scope, {}, scope] }))).toBe(6);
    expect(scan("logs", encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [{}] }] }] }))).toBe(1);
    expect(scan("profiles", encode("profiles", { resourceProfiles: [{ scopeProfiles: [{ profiles: [{}] }] }] }))).toBe(
      1,
    );
    const points = { dataPoints: [{}, {}] };
    const metrics = [
      { gauge: points },
      { sum: points },
      { histogram: points },
      { exponentialHistogram: points },
      { summary: points },
      { name: "none" },
    ];
    expect(scan("metrics", encode("metrics", { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))).toBe(10);
  });

  it("counts nothing in an empty request and in empty envelopes", () => {
    expect(scan("traces", new Uint8Array(0))).toBe(0);
    expect(scan("traces", Uint8Array.from(field(1)))).toBe(0);
    expect(scan("logs", Uint8Array.from(field(1, field(2))))).toBe(0);
  });

  it("counts an arm that occurs twice as one, and only the last of different arms", () => {
    const gauge = field(5, field(1), field(1));
    const sum = field(7, field(1));
    expect(scan("metrics", metric(gauge, gauge))).toBe(4);
    expect(scan("metrics", metric(gauge, sum))).toBe(1);
    expect(scan("metrics", metric(gauge, sum, gauge))).toBe(2);
  });

  it("names the field and the byte", () => {
    const body = Uint8Array.from(field(1, field(2, field(2), field(2), field(2, field(5, "abcd")))));
    body[body.length - 2] = 0xff;
    expect(refusal("traces", body)).toBe(
      "malformed traces request: resource_spans[0].scope_spans[0].spans[2].name: invalid UTF-8 at byte 14",
    );
  });

  it.each([
    ["a field number of 0", [0x02, 0x01, 0x61], /field number 0, which does not exist, at byte/],
    ["a field number above 2^29 - 1", [0xfa, 0xff, 0xff, 0xff, 0x1f, 0x00], /tag is longer than 32 bits/],
    ["a tag of six bytes", [0x82, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00], /tag is longer than 32 bits/],
    ["wire type 6", [0x0e], /wire type 6, which does not exist/],
    ["wire type 7", [0x1f], /wire type 7, which does not exist/],
    ["a string sent as a number", [0x28, 0x01], /spans\[0\]\.name: wire type 0, which is not the type of this field/],
    ["a number sent as a string", field(6, "2"), /spans\[0\]\.kind: wire type 2/],
    ["a message sent as a group", [0x4b, 0x4c], /spans\[0\]\.attributes\[0\]: wire type 3/],
    ["a length beyond the message", [0x2a, 0x05, 0x61], /spans\[0\]\.name: a length of 5 with 1 bytes left/],
    ["a length cut short", [0x2a], /spans\[0\]\.name: the length is cut short/],
    ["a length of 2 GiB", [0x2a, 0xff, 0xff, 0xff, 0xff, 0x0f], /the length is above 2 GiB/],
    ["a tag cut short", [0xaa], /a tag is cut short/],
    ["a varint cut short", [0x30, 0x80], /spans\[0\]\.kind: a varint is cut short/],
    ["a varint of eleven bytes", [0x30, ...Array<number>(10).fill(0x80), 0], /varint is cut short or longer/],
    ["a varint of 65 bits", [0x30, ...Array<number>(9).fill(0xff), 2], /varint is cut short or longer/],
    ["an 8-byte value cut short", [0x39, 1, 2, 3], /spans\[0\]\.start_time_unix_nano: an 8-byte value is cut short/],
    ["a 4-byte value cut short", [0x85, 0x01, 1], /spans\[0\]\.flags: a 4-byte value is cut short/],
    ["a group that is not closed", [0xc3, 0x3e, 0x08, 0x01], /field 1000: a group is not closed/],
    ["groups that close in the wrong order", [0xc3, 0x3e, 0x0b, 0xc4, 0x3e, 0x0c], /field 1000: a group is not closed/],
    ["the end of a group that was not begun", [0xc4, 0x3e], /the end of a group that was not begun/],
    ["the end of a group in place of a known field", [0x2c], /the end of a group that was not begun/],
    [
      "invalid UTF-8 in an attribute",
      field(9, field(1, "k"), field(2, field(1, [0xff]))),
      /value\.string_value: invalid/,
    ],
    ["invalid UTF-8 in a key", field(9, field(1, [0xff]), field(2, [0x10, 1])), /attributes\[0\]\.key: invalid UTF-8/],
  ])("refuses %s", (_, bytes, message) => {
    expect(refusal("traces", span(bytes))).toMatch(message);
  });

  it.each([
    ["unknown fields of every wire type", [0x80, 0x7d, 1, 0x81, 0x7d, 1, 2, 3, 4, 5, 6, 7, 8, 0x85, 0x7d, 1, 2, 3, 4]],
    ["an unknown length-delimited field that is no UTF-8", field(2000, [0xff, 0xfe])],
    ["an unknown group with groups inside", [0xc3, 0x3e, 0x0b, 0x10, 0x01, 0x0c, 0x12, 0x01, 0xff, 0xc4, 0x3e]],
    ["the highest field number", [0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01]],
    ["over-long tags, lengths and values", [0xaa, 0x80, 0x00, 0x81, 0x00, 0x61, 0x30, 0x82, 0x80, 0x80, 0x00]],
    ["a value of ten bytes", [0x30, ...Array<number>(9).fill(0xff), 1]],
    ["bytes that are no text where bytes belong", field(1, [0xff, 0xfe])],
    ["an attribute without key and value", field(9)],
    ["text beyond ASCII", field(5, text)],
  ])("takes %s", (_, bytes) => {
    expect(refusal("traces", span(bytes))).toBe("");
  });

  it("takes repeated numbers packed, unpacked and mixed, and refuses a packed field of broken values", () => {
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    const buckets = (...parts: number[][]): Uint8Array => metric(field(9, field(1, ...parts)));
    expect(refusal("metrics", buckets(field(6, eight, eight), [0x31, ...eight]))).toBe("");
    expect(refusal("metrics", buckets(field(6, eight, [1])))).toMatch(/bucket_counts\[0\]: a packed field of 9 bytes/);
    const exponential = (...parts: number[][]): Uint8Array => metric(field(10, field(1, field(8, ...parts))));
    expect(refusal("metrics", exponential(field(2, [1, 0x80, 0x01]), [0x10, 0x03]))).toBe("");
    expect(refusal("metrics", exponential(field(2, [1, 0x80])))).toMatch(
      /positive\.bucket_counts\[0\]: a varint is cut/,
    );
  });

  it("lets messages lie as deep as protobuf parsers do, and says so beyond", () => {
    let value: number[] = [];
    for (let depth = 0; depth < 95; depth++) value = field(depth % 2 === 0 ? 5 : 1, value);
    // request, 1: resource, 2: scope, 3: span, 4: attribute, 5: value, then 95 more.
    const deepest = span(field(9, field(1, "k"), field(2, value)));
    expect(refusal("traces", deepest)).toBe("");
    expect(refusal("traces", span(field(9, field(1, "k"), field(2, field(5, field(1, value))))))).toMatch(
      /100 levels deep/,
    );
    expect(refusal("traces", span(field(9, field(1, "k"), field(2, [0x10, 1]))), 4)).toMatch(/more than 4 levels deep/);
    expect(refusal("traces", span(field(9, field(1, "k"), field(2, [0x10, 1]))), 5)).toBe("");
  });

  it("survives a hundred thousand groups inside each other", () => {
    expect(refusal("traces", new Uint8Array(100_000).fill(0x7b))).toMatch(/too deep/);
  });

  it("is not misled by an attribute whose length looks like the beginning of a short one", () => {
    // A length of 1290 is written 8a 0a; taken for a length of 138 and the tag of a key it would hide what follows.
    const key = Array<number>(1290 - 3).fill(0x61);
    const good = span([0x4a, 0x8a, 0x0a, 0x0a, ...varint(key.length), ...key]);
    expect(refusal("traces", good)).toBe("");
    const bad = good.slice();
    bad[bad.length - 1] = 0xff;
    expect(refusal("traces", bad)).toMatch(/attributes\[0\]\.key: invalid UTF-8/);
  });

  it("recognises JSON and says where that goes", () => {
    expect(refusal("traces", new TextEncoder().encode('{"resourceSpans":[]}'))).toMatch(/application\/json/);
  });

  it("refuses every request that is cut short, or cuts it where one could end", () => {
    const whole = encode("traces", { resourceSpans: [{ scopeSpans: [{ spans: [{ name: "a" }] }], schemaUrl: "u" }] });
    for (let length = 1; length < whole.length; length++) {
      expect(refusal("traces", whole.subarray(0, length))).not.toBe("");
    }
  });
});
