import { type Ack, ExportError, type Format, signalNames } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMessage } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import type { ExportTraceServiceResponse, RpcStatus } from "./generated/model.ts";
import { responseNames } from "./generated/schema.ts";
import { decodeReply, encodeReply } from "./reply.ts";
import { decodeStatus, encodeStatus, type Status } from "./status.ts";
import { statusMessage } from "./status-message.ts";

// Answers and errors are read and written without the schema; the codec that has it is the judge.

const acks = fc.record({ rejectedItems: fc.nat(2 ** 31), message: fc.string({ unit: "grapheme" }) });
const statuses: fc.Arbitrary<Status> = fc.record(
  {
    code: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    message: fc.string({ unit: "grapheme" }),
    retryAfterMs: fc.nat(10_000_000),
    fieldViolations: fc.array(fc.record({ field: fc.string(), description: fc.string() }), { maxLength: 3 }),
  },
  { requiredKeys: ["code", "message"] },
);

/** Like real bytes, but for some that are changed, gone or too many. */
const damaged = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(bytes, fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }), fc.nat(5))
    .map(([whole, edits, cut]) => {
      const body = whole.slice(0, whole.length - cut);
      for (const [at, byte] of edits) if (at < body.length) body[at] = byte;
      return body;
    });

function attempt<T>(read: () => T): T | ExportError {
  try {
    return read();
  } catch (error) {
    if (ExportError.is(error)) return error;
    throw error;
  }
}

describe("answers without the schema", () => {
  it("are the bytes that the codec writes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...signalNames), acks, (signal, ack) => {
        const body = encodeReply(signal, ack, "protobuf");
        if (body.length === 0) return;
        expect(encodeMessage(responseNames[signal], decodeMessage(responseNames[signal], body))).toEqual(body);
      }),
    );
  });

  it("are read as the codec reads them, damaged or not, if both can read them at all", () => {
    const bytes = acks.map((ack) => encodeReply("traces", ack, "protobuf"));
    fc.assert(
      fc.property(damaged(bytes), (body) => {
        const read = attempt(() => decodeReply("traces", body, "protobuf"));
        const judged = attempt(() => decodeMessage(responseNames.traces, body) as ExportTraceServiceResponse);
        if (ExportError.is(read) || ExportError.is(judged)) return;
        const { rejectedSpans = 0n, errorMessage = "" } = judged.partialSuccess ?? {};
        const rejectedItems = rejectedSpans < 0n ? 0 : Math.min(Number(rejectedSpans), Number.MAX_SAFE_INTEGER);
        expect(read).toEqual({ rejectedItems, message: errorMessage } satisfies Ack);
      }),
    );
  });
});

describe("errors without the schema", () => {
  it("are read as the codec reads them, damaged or not, if both can read them at all", () => {
    const bytes = statuses.map((status) => encodeStatus(status, "protobuf"));
    fc.assert(
      fc.property(damaged(bytes), (body) => {
        const read = attempt(() => decodeStatus(body, "protobuf"));
        const judged = attempt(() => decodeMessage("google.rpc.Status", body) as RpcStatus);
        if (ExportError.is(read) || ExportError.is(judged)) return;
        expect(read).toMatchObject({ code: judged.code ?? 0, message: judged.message ?? "" });
      }),
    );
  });

  it("have a message that is read by itself as with all the rest", () => {
    fc.assert(
      fc.property(statuses, fc.constantFrom<Format>("protobuf", "json"), (status, format) => {
        expect(statusMessage(encodeStatus(status, format), format)).toBe(status.message);
      }),
    );
    expect(() => statusMessage(new TextEncoder().encode("<html>"), "json")).toThrow(SyntaxError);
    expect(() => statusMessage(new TextEncoder().encode("<html>"), "protobuf")).toThrow(RangeError);
  });
});
