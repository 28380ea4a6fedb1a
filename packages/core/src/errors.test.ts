import { describe, expect, it } from "vitest";
import { ExportError } from "./errors.ts";

describe("ExportError", () => {
  it("knows from its code whether the same bytes may be accepted later", () => {
    expect(new ExportError("unavailable", "m").retryable).toBe(true);
    expect(new ExportError("overloaded", "m").retryable).toBe(true);
    expect(new ExportError("timeout", "m").retryable).toBe(true);
    for (const code of ["invalid", "too-large", "unauthenticated", "forbidden", "unsupported", "rejected"] as const) {
      expect(new ExportError(code, "m").retryable, code).toBe(false);
    }
    for (const code of ["bad-response", "cancelled", "closed"] as const) {
      expect(new ExportError(code, "m").retryable, code).toBe(false);
    }
  });

  it("lets whoever knows better decide about retrying", () => {
    expect(new ExportError("unavailable", "m", { retryable: false }).retryable).toBe(false);
    expect(new ExportError("rejected", "m", { retryable: true }).retryable).toBe(true);
  });

  it("says 0 when the far side asked for no delay", () => {
    expect(new ExportError("unavailable", "m").retryAfterMs).toBe(0);
    expect(new ExportError("unavailable", "m", { retryAfterMs: 250 }).retryAfterMs).toBe(250);
  });

  it("recognises an error made by another copy of the package", () => {
    const foreign = Object.assign(new Error("m"), { code: "timeout" });
    Object.defineProperty(foreign, Symbol.for("@otlpkit/core.ExportError"), { value: true });
    expect(ExportError.is(foreign)).toBe(true);
    expect(ExportError.is(new Error("m"))).toBe(false);
    expect(ExportError.is(undefined)).toBe(false);
  });

  it("wraps a foreign error once and keeps it as the cause", () => {
    const cause = new TypeError("no such thing");
    const wrapped = ExportError.from(cause, "cannot send 3 spans");
    expect(wrapped).toMatchObject({ code: "rejected", retryable: false, cause });
    expect(wrapped.message).toBe("cannot send 3 spans: no such thing");
    expect(ExportError.from(wrapped)).toBe(wrapped);
  });
});
