import { ExportError, type Signal, signalNames } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import type { ExportTraceServiceRequest, Span } from "./generated/model.ts";
import { requestNames } from "./generated/schema.ts";
import { protobufToJsonDirectly } from "./json-direct.ts";
import { toJsonText } from "./json-encode.ts";
import { protobufToJson } from "./json.ts";
import { layoutOf, lengthType, type MessageLayout } from "./layout.ts";
import { randomMessage, randomOf } from "./random-message.test.ts";
import { type Cursor, readUint32, skipValue, varintSize, writeVarint } from "./wire.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const signal = fc.constantFrom<Signal>(...signalNames);
const seed = fc.integer();

function directly(of: Signal, body: Uint8Array): string | undefined {
  const json = protobufToJsonDirectly(requestNames[of], body);
  return json && utf8.decode(json);
}

/** The way through objects, which takes everything. */
function throughObjects(of: Signal, body: Uint8Array): string {
  return toJsonText(layoutOf(requestNames[of]), decode(of, body));
}

describe("protobuf straight to JSON", () => {
  it("is byte for byte what objects would be written as, for canonical requests", () => {
    fc.assert(
      fc.property(signal, seed, (of, n) => {
        const body = encode(of, randomMessage(requestNames[of], n));
        expect(directly(of, body)).toBe(throughObjects(of, body));
      }),
      { numRuns: 400 },
    );
  });

  it("says the same when fields lie in another order, among unknown ones, with defaults written out", () => {
    fc.assert(
      fc.property(signal, seed, (of, n) => {
        const canonical = encode(of, randomMessage(requestNames[of], n));
        const body = rewritten(layoutOf(requestNames[of]), canonical, randomOf(n), false);
        const json = directly(of, body);
        expect(json).toBeDefined();
        expect(JSON.parse(json!)).toEqual(JSON.parse(throughObjects(of, body)));
      }),
      { numRuns: 300 },
    );
  });

  it("gives up on fields that occur twice and lists in pieces, for objects to put together", () => {
    let givenUp = 0;
    fc.assert(
      fc.property(signal, seed, (of, n) => {
        const canonical = encode(of, randomMessage(requestNames[of], n));
        const body = rewritten(layoutOf(requestNames[of]), canonical, randomOf(n), true);
        if (directly(of, body) === undefined) givenUp++;
        expect(JSON.parse(utf8.decode(protobufToJson(of, body)))).toEqual(JSON.parse(throughObjects(of, body)));
      }),
      { numRuns: 300 },
    );
    expect(givenUp).toBeGreaterThan(100);
  });

  it("takes nothing that objects could not be made of, and makes the same of the rest", () => {
    const hits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(signal, seed, hits, (of, n, damage) => {
        const body = encode(of, randomMessage(requestNames[of], n)).slice();
        for (const [at, byte] of damage) if (body.length > 0) body[at % body.length] = byte;
        const json = directly(of, body);
        if (json !== undefined) expect(JSON.parse(json)).toEqual(JSON.parse(throughObjects(of, body)));
      }),
      { numRuns: 1000 },
    );
  });

  it("reads a request that lies in the middle of a buffer", () => {
    const body = withSpan({ name: "somewhere", endTimeUnixNano: 7n, attributes: [{ key: "k" }] });
    const around = new Uint8Array(body.length + 20).fill(0xff);
    around.set(body, 11);
    expect(directly("traces", around.subarray(11, 11 + body.length))).toBe(throughObjects("traces", body));
  });

  it("escapes and keeps text of every length, wherever the odd character stands", () => {
    for (const odd of ["", '"', "\\", "\n", "\u0000", "\u001f", "\u007f", "é", "走", "🏃", "\u2028"]) {
      for (let length = 0; length < 20; length++) {
        for (let at = 0; at <= length; at++) {
          const name = "x".repeat(at) + odd + "y".repeat(length - at);
          const body = withSpan({ name });
          expect(directly("traces", body)).toBe(throughObjects("traces", body));
        }
      }
    }
  });

  it("writes all 64-bit integers in decimal", () => {
    const near = (bits: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: 1n << BigInt(bits) });
    const tens = fc.tuple(fc.nat(19), fc.integer({ min: -1, max: 1 })).map(([n, d]) => 10n ** BigInt(n) + BigInt(d));
    fc.assert(
      fc.property(fc.oneof(tens, fc.nat(64).chain(near)), (value) => {
        const unsigned = BigInt.asUintN(64, value);
        const signed = BigInt.asIntN(64, value);
        const attributes = [{ value: { intValue: signed } }, { value: { intValue: BigInt.asIntN(64, -signed) } }];
        const body = withSpan({ startTimeUnixNano: unsigned, attributes });
        expect(directly("traces", body)).toBe(throughObjects("traces", body));
      }),
      { numRuns: 1000 },
    );
  });

  it("writes doubles as objects do", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 0, 2 ** 31, -(2 ** 31))), (doubleValue) => {
        const body = withSpan({ attributes: [{ value: { doubleValue } }] });
        expect(directly("traces", body)).toBe(throughObjects("traces", body));
      }),
      { numRuns: 500 },
    );
  });

  it("grows when JSON is much longer than protobuf", () => {
    const body = withSpan({ name: "\u0001".repeat(10_000), droppedEventsCount: 1 });
    expect(directly("traces", body)).toBe(throughObjects("traces", body));
  });

  it("leaves damage to those who can say where it is", () => {
    const body = withSpan({ name: "cut" });
    expect(directly("traces", body.subarray(0, -1))).toBeUndefined();
    expect(() => protobufToJson("traces", body.subarray(0, -1))).toThrow(ExportError);
  });
});

function withSpan(span: Span): Uint8Array {
  const request: ExportTraceServiceRequest = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
  return encode("traces", request);
}

/**
 * The same message with its fields in another order and unknown ones among them. `odd`: some fields twice, and the
 * values of lists apart from each other.
 */
function rewritten(layout: MessageLayout, body: Uint8Array, random: () => number, odd: boolean): Uint8Array {
  const runs: Uint8Array[][] = [];
  const cursor: Cursor = { at: 0 };
  for (let lastTag = -1; cursor.at < body.length;) {
    const start = cursor.at;
    const tag = readUint32(body, cursor);
    const inner = layout.byNumber[tag >>> 3]?.message;
    const contentAt = cursor.at;
    skipValue(body, cursor, tag);
    let piece = body.slice(start, cursor.at);
    if (inner !== undefined) {
      const content: Cursor = { at: contentAt };
      readUint32(body, content);
      piece = lengthed(tag, rewritten(inner, body.subarray(content.at, cursor.at), random, odd));
    }
    if (tag === lastTag && !odd) runs.at(-1)!.push(piece);
    else runs.push([piece]);
    if (odd && random() < 0.1) runs.push([piece]);
    lastTag = tag;
  }
  if (random() < 0.2) runs.push([lengthed(1000 * 8 + lengthType, Uint8Array.of(1, 2, 3))]);
  if (random() < 0.2) runs.push([Uint8Array.of(0xf8, 0x3f, 0xff, 1)]); // a varint
  if (random() < 0.2) runs.push([Uint8Array.of(0xfd, 0x3f, 1, 2, 3, 4)]); // four bytes
  const present = new Set(runs.map(([first]) => readUint32(first!, { at: 0 }) >>> 3));
  for (const { explicit, kind, number, repeated } of layout.fields) {
    if (!present.has(number) && !explicit && !repeated && kind === "string" && random() < 0.2) {
      runs.push([lengthed(number * 8 + lengthType, new Uint8Array(0))]);
    }
  }
  const placed = runs.map((run) => ({ run, place: random() })).toSorted((one, other) => one.place - other.place);
  return Uint8Array.from(placed.flatMap(({ run }) => run.flatMap((piece) => [...piece])));
}

function lengthed(tag: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(varintSize(tag) + varintSize(content.length) + content.length);
  made.set(content, writeVarint(made, writeVarint(made, 0, tag), content.length));
  return made;
}
