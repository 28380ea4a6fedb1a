import { type Format } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeMessage } from "./encode.ts";
import { decodeStatus, encodeStatus, grpcCode, type Status } from "./status.ts";

const formats: readonly Format[] = ["protobuf", "json"];
const utf8 = new TextEncoder();
const text = (body: Uint8Array): string => new TextDecoder().decode(body);
const retryInfo = "type.googleapis.com/google.rpc.RetryInfo";

describe("a status", () => {
  it("comes back as it was, with its details, in both formats", () => {
    const violation = fc.record({ field: fc.string(), description: fc.string({ unit: "grapheme" }) });
    fc.assert(
      fc.property(
        fc.constantFrom(...formats),
        fc.record(
          {
            code: fc.nat(16),
            message: fc.string({ unit: "grapheme" }),
            retryAfterMs: fc.nat(10_000_000),
            fieldViolations: fc.array(violation, { maxLength: 3 }),
          },
          { requiredKeys: ["code", "message"] },
        ),
        (format, status: Status) => {
          expect(decodeStatus(encodeStatus(status, format), format)).toEqual(status);
        },
      ),
    );
  });

  it("writes durations as protobuf does (K-06)", () => {
    for (const [retryAfterMs, written] of [
      [0, "0s"],
      [5000, "5s"],
      [250, "0.250s"],
      [1000.5, "1.000500s"],
      [0.000001, "0.000000001s"],
      [999.9999999, "1s"],
    ] as const) {
      const json = text(encodeStatus({ code: grpcCode.UNAVAILABLE, message: "", retryAfterMs }, "json"));
      expect(json).toBe(`{"code":14,"details":[{"@type":"${retryInfo}","retryDelay":"${written}"}]}`);
    }
  });

  it("reads durations in any number of digits, and never a negative one", () => {
    const read = (delay: string): number | undefined =>
      decodeStatus(utf8.encode(`{"details":[{"@type":"${retryInfo}","retryDelay":${delay}}]}`), "json").retryAfterMs;
    expect(read('"1.5s"')).toBe(1500);
    expect(read('"0.000000001s"')).toBe(0.000001);
    expect(read('"-3s"')).toBe(0);
    expect(read("null")).toBe(0);
    for (const nonsense of ['"5"', '"5m"', '"s"', "5", "{}", '"1.5e3s"']) expect(read(nonsense)).toBeUndefined();
  });

  it("does without details that are unknown or damaged (F-08)", () => {
    const any = (typeUrl: string, value: number[]): object => ({ typeUrl, value: Uint8Array.from(value) });
    const details = [any("example.com/some.Other", [1, 2, 3]), any(retryInfo, [0x0a, 0x7f]), any("", [])];
    const body = encodeMessage("google.rpc.Status", { code: 8, message: "quota", details });
    expect(decodeStatus(body, "protobuf")).toEqual({ code: 8, message: "quota" });
    const json = '{"code":8,"message":"quota","details":[1,null,{"@type":"example.com/some.Other"},{"@type":5}]}';
    expect(decodeStatus(utf8.encode(json), "json")).toEqual({ code: 8, message: "quota" });
  });

  it("may lack everything (D-13)", () => {
    expect(decodeStatus(new Uint8Array(0), "protobuf")).toEqual({ code: 0, message: "" });
    expect(decodeStatus(utf8.encode('{"code":"x","message":5,"details":{}}'), "json")).toEqual({
      code: 0,
      message: "",
    });
  });

  it("that is none is a bad response", () => {
    for (const format of formats) {
      expect(() => decodeStatus(utf8.encode("<html>"), format)).toThrow(
        expect.objectContaining({ code: "bad-response" }),
      );
    }
    expect(() => decodeStatus(utf8.encode("[]"), "json")).toThrow(expect.objectContaining({ code: "bad-response" }));
  });
});
