import { ExportError, type Signal, signalNames } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, decodeMessage } from "./decode.ts";
import { encode, encodeMessage } from "./encode.ts";
import { messages, requestNames } from "./generated/schema.ts";
import { jsonToProtobuf, protobufToJson } from "./json.ts";
import { randomMessage, randomOf } from "./random-message.test.ts";

const seed = fc.integer();
const signal = fc.constantFrom<Signal>(...signalNames);
const name = fc.constantFrom(...Object.keys(messages));
const utf8 = new TextDecoder("utf-8", { fatal: true });

describe("objects", () => {
  it("are the same after a trip through protobuf, whatever the message", () => {
    fc.assert(
      fc.property(name, seed, (message, n) => {
        const value = randomMessage(message, n);
        expect(decodeMessage(message, encodeMessage(message, value))).toEqual(value);
      }),
      { numRuns: 400 },
    );
  });

  it("are written as the same bytes whatever the order of their members", () => {
    const one = encode("traces", { resourceSpans: [{ schemaUrl: "s", resource: { droppedAttributesCount: 1 } }] });
    const two = encode("traces", { resourceSpans: [{ resource: { droppedAttributesCount: 1 }, schemaUrl: "s" }] });
    expect(one).toEqual(two);
  });
});

describe("JSON", () => {
  it("becomes the bytes that it was made of", () => {
    fc.assert(
      fc.property(signal, seed, (of, n) => {
        const body = encode(of, randomMessage(requestNames[of], n));
        const json = protobufToJson(of, body);
        expect(jsonToProtobuf(of, json).body).toEqual(body);
        expect(utf8.decode(json)).not.toContain("\n");
      }),
      { numRuns: 200 },
    );
  });

  it("may have its keys in any order and white space anywhere", () => {
    fc.assert(
      fc.property(signal, seed, (of, n) => {
        const body = encode(of, randomMessage(requestNames[of], n));
        const parsed: unknown = JSON.parse(utf8.decode(protobufToJson(of, body)));
        const text = JSON.stringify(shuffled(parsed, randomOf(n)), undefined, " \t\n\r");
        // JSON.stringify drops the sign of -0, so those are left to the goldens.
        const expected = encode(of, withoutNegativeZero(decode(of, body)) as object);
        expect(jsonToProtobuf(of, new TextEncoder().encode(text)).body).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it("that is damaged is taken or refused as invalid, and never anything else", () => {
    fc.assert(
      fc.property(signal, seed, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), (of, n, hits) => {
        const json = protobufToJson(of, encode(of, randomMessage(requestNames[of], n))).slice();
        for (const [at, byte] of hits) json[at % json.length] = byte;
        expectTakenOrInvalid(() => {
          const { body } = jsonToProtobuf(of, json);
          // What was taken is well formed.
          expect(encode(of, decode(of, body))).toEqual(body);
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe("protobuf", () => {
  it("that is damaged is taken or refused as invalid, and never anything else", () => {
    fc.assert(
      fc.property(signal, seed, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), (of, n, hits) => {
        const body = encode(of, randomMessage(requestNames[of], n)).slice();
        for (const [at, byte] of hits) if (body.length > 0) body[at % body.length] = byte;
        expectTakenOrInvalid(() => {
          const value = decode(of, body);
          expect(decode(of, encode(of, value))).toEqual(decode(of, jsonToProtobuf(of, protobufToJson(of, body)).body));
        });
      }),
      { numRuns: 500 },
    );
  });
});

function expectTakenOrInvalid(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!ExportError.is(error)) throw error;
    expect(error.code).toBe("invalid");
  }
}

function shuffled(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((one) => shuffled(one, random));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => ({ key, one: shuffled(one, random), place: random() }));
  return Object.fromEntries(entries.toSorted((a, b) => a.place - b.place).map(({ key, one }) => [key, one]));
}

function withoutNegativeZero(value: unknown): unknown {
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value === 0 ? 0 : value;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutNegativeZero(one)]));
}
