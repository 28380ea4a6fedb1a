import { ExportError, type ExportErrorCode, type ExportErrorDetails } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { errorOf, statusOf } from "./error-status.ts";
import { jsonToProtobuf } from "./json.ts";

const codes = Array.from({ length: 17 }, (_, code) => code);
const error = (code: ExportErrorCode, details?: ExportErrorDetails): ExportError =>
  new ExportError(code, "why", details);

describe("what a client makes of a gRPC status", () => {
  it("may be sent again for codes 1, 4, 10, 11, 14 and 15 only (F-02, F-03)", () => {
    const again = codes.filter((code) => errorOf({ code, message: "" }, "cannot export").retryable);
    expect(again).toEqual([1, 4, 10, 11, 14, 15]);
  });

  it("may be sent again for code 8 only with RetryInfo, even one of zero (F-04, F-06)", () => {
    expect(errorOf({ code: 8, message: "" }, "cannot export")).toMatchObject({ code: "too-large", retryable: false });
    for (const retryAfterMs of [0, 250]) {
      const made = errorOf({ code: 8, message: "", retryAfterMs }, "cannot export");
      expect(made).toMatchObject({ code: "overloaded", retryable: true, retryAfterMs });
    }
  });

  it("does not make a permanent code retryable because it carries RetryInfo", () => {
    expect(errorOf({ code: 3, message: "", retryAfterMs: 5 }, "cannot export").retryable).toBe(false);
  });

  it("says what was attempted and what came back", () => {
    const made = errorOf({ code: 14, message: "overloaded", retryAfterMs: 5000 }, "cannot export to http://a:4317");
    expect(made.message).toBe("cannot export to http://a:4317: UNAVAILABLE (14): overloaded");
    expect(made).toMatchObject({ code: "overloaded", retryAfterMs: 5000, grpcStatus: 14 });
    expect(errorOf({ code: 99, message: "" }, "cannot export")).toMatchObject({ code: "rejected", grpcStatus: 99 });
  });
});

describe("what a server says about an error", () => {
  it("is UNAVAILABLE for whatever may be tried again, with RetryInfo when the wait is known (B-13)", () => {
    for (const code of ["overloaded", "unavailable", "timeout"] as const) {
      expect(statusOf(error(code))).toEqual({ code: 14, message: "why" });
      expect(statusOf(error(code, { retryAfterMs: 250 }))).toEqual({ code: 14, message: "why", retryAfterMs: 250 });
    }
  });

  it("is UNAVAILABLE when we give up ourselves, for nobody refused the data", () => {
    expect(statusOf(error("closed")).code).toBe(14);
    expect(statusOf(error("cancelled")).code).toBe(14);
  });

  it("is the code that fits what is permanent (B-14, B-16)", () => {
    const permanent = { "too-large": 8, unauthenticated: 16, forbidden: 7, unsupported: 12, rejected: 13 } as const;
    for (const [code, number] of Object.entries(permanent)) {
      expect(statusOf(error(code as ExportErrorCode))).toEqual({ code: number, message: "why" });
    }
    expect(statusOf(error("too-large", { retryAfterMs: 5 })).retryAfterMs).toBeUndefined();
  });

  it("names the field of bad data in BadRequest (D-14)", () => {
    const json = new TextEncoder().encode('{"resourceSpans":[{"schemaUrl":5}]}');
    const description = "expected a string, at byte 31 of the JSON";
    let status: unknown;
    try {
      jsonToProtobuf("traces", json);
    } catch (cause) {
      status = statusOf(ExportError.from(cause));
    }
    expect(status).toEqual({
      code: 3,
      message: `resourceSpans[0].schemaUrl: ${description}`,
      fieldViolations: [{ field: "resourceSpans[0].schemaUrl", description }],
    });
    expect(statusOf(error("invalid")).fieldViolations).toEqual([{ field: "", description: "why" }]);
  });

  it("hands on the permanent code of a server further on, and never turns permanent into retryable (B-20)", () => {
    for (const code of codes.slice(1)) {
      const upstream = errorOf({ code, message: "" }, "cannot export");
      const { code: downstream } = statusOf(upstream);
      expect([code, downstream]).toEqual([code, upstream.retryable ? 14 : code]);
      expect(errorOf({ code: downstream, message: "" }, "again").retryable).toBe(upstream.retryable);
    }
    for (const code of ["overloaded", "unavailable", "timeout"] as const) {
      const declared = statusOf(error(code, { retryable: false, grpcStatus: 14 }));
      expect(errorOf(declared, "again").retryable).toBe(false);
    }
  });
});
