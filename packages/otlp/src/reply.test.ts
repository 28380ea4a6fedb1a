import { accepted, ExportError, type Format, signalNames } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeReply, encodeReply } from "./reply.ts";

const formats: readonly Format[] = ["protobuf", "json"];
const text = (body: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(body);

describe("answers", () => {
  it("to full success are no bytes, or an empty object (B-05)", () => {
    for (const signal of signalNames) {
      expect(encodeReply(signal, accepted, "protobuf")).toEqual(new Uint8Array(0));
      expect(text(encodeReply(signal, accepted, "json"))).toBe("{}");
    }
  });

  it("come back as they were, for every signal and format", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...signalNames),
        fc.constantFrom(...formats),
        fc.nat(2 ** 31),
        fc.string({ unit: "grapheme" }),
        (signal, format, rejectedItems, message) => {
          const ack = { rejectedItems, message };
          expect(decodeReply(signal, encodeReply(signal, ack, format), format)).toEqual(ack);
        },
      ),
    );
  });

  it("never exceed the limit: the message gives way between characters, the count stays (B-10, B-11)", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...formats),
        fc.string({
          unit: fc.constantFrom("a", '"', "\n", "\u0001", "é", "走", "🏃") as fc.Arbitrary<string>,
          minLength: 20,
        }),
        fc.integer({ min: 60, max: 200 }),
        (format, message, maxBytes) => {
          const body = encodeReply("logs", { rejectedItems: 3, message }, format, maxBytes);
          expect(body.length).toBeLessThanOrEqual(maxBytes);
          const ack = decodeReply("logs", body, format);
          expect(ack.rejectedItems).toBe(3);
          expect(message.startsWith(ack.message)).toBe(true);
          expect(text(new TextEncoder().encode(ack.message))).toBe(ack.message);
          // Nothing is given up needlessly: one more character would not have fitted.
          const [next] = message.slice(ack.message.length);
          if (next === undefined) return;
          const more = ack.message + String.fromCodePoint(message.codePointAt(ack.message.length)!);
          const longer = encodeReply("logs", { rejectedItems: 3, message: more }, format);
          expect(longer.length).toBeGreaterThan(maxBytes - 4);
        },
      ),
    );
  });

  it("of ten megabytes of message fit into the default of four", () => {
    for (const format of formats) {
      const body = encodeReply("traces", { rejectedItems: 3, message: "é".repeat(5 * 1024 * 1024) }, format);
      expect(body.length).toBeLessThanOrEqual(4 * 1024 * 1024);
      expect(body.length).toBeGreaterThan(4 * 1024 * 1024 - 8);
      expect(decodeReply("traces", body, format).rejectedItems).toBe(3);
    }
  });

  it("that cannot fit at all are an error (B-12)", () => {
    const ack = { rejectedItems: 3, message: "three" };
    for (const format of formats) {
      const write = (): unknown => encodeReply("traces", ack, format, 1);
      expect(write).toThrow(expect.objectContaining({ code: "too-large", retryable: false }));
    }
  });

  it("with nothing in them, or no body at all, are full success (G-03)", () => {
    for (const json of ["{}", '{"partialSuccess":{}}', '{"partialSuccess":null}', '{"unknown":[1]}', ""]) {
      expect(decodeReply("logs", new TextEncoder().encode(json), "json")).toBe(accepted);
    }
    expect(decodeReply("logs", Uint8Array.of(0x0a, 0x00), "protobuf")).toBe(accepted);
  });

  it("bring counts into the range of a safe integer (G-05)", () => {
    const read = (rejected: string): number =>
      decodeReply("traces", new TextEncoder().encode(`{"partialSuccess":{"rejectedSpans":${rejected}}}`), "json")
        .rejectedItems;
    expect(read('"3"')).toBe(3);
    expect(read("3")).toBe(3);
    expect(read('"9223372036854775807"')).toBe(Number.MAX_SAFE_INTEGER);
    expect(read("-1")).toBe(0);
    expect(read('"many"')).toBe(0);
  });

  it("that cannot be read are a bad response", () => {
    for (const garbage of ["<html>", "[]", "3", '{"partialSuccess":', "\u0000"]) {
      for (const format of formats) {
        try {
          decodeReply("traces", new TextEncoder().encode(garbage), format);
          expect([garbage, format]).toEqual(["not taken", format]);
        } catch (error) {
          expect(ExportError.is(error) && error.code).toBe("bad-response");
        }
      }
    }
  });
});
