import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeGrpcMessage, decodeGrpcTimeout, encodeGrpcMessage, encodeGrpcTimeout, metadataOf } from "./metadata.ts";

describe("metadata", () => {
  it("lowers keys, puts -bin values into base64 and leaves out what is the protocol's own", () => {
    expect(
      metadataOf({
        "X-Tenant": "shop",
        "trace-BIN": "ä",
        "Content-Type": "text/plain",
        "grpc-timeout": "1S",
        "User-Agent": "x",
        ":path": "/",
        te: "gzip",
      }),
    ).toEqual({ "x-tenant": "shop", "trace-bin": "w6Q=" });
  });
});

describe("grpc-message", () => {
  it("escapes what is not printable ASCII, and the escape itself", () => {
    expect(encodeGrpcMessage("50 % of Ärger\n")).toBe("50 %25 of %C3%84rger%0A");
  });

  it("reads what it wrote", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const encoded = encodeGrpcMessage(text);
        expect(encoded).toMatch(/^[ -~]*$/);
        expect(decodeGrpcMessage(encoded)).toBe(text);
      }),
    );
  });

  it("leaves broken escapes as they are", () => {
    expect(decodeGrpcMessage("100%, %zz %4")).toBe("100%, %zz %4");
    expect(decodeGrpcMessage("%e2%82%ac")).toBe("€");
  });
});

describe("grpc-timeout", () => {
  it.each([
    [10_000, "10000m"],
    [9_999.9, "10000m"],
    [9_801, "9900m"],
    [57.2, "58m"],
    [0, "1m"],
    [-5, "1m"],
    [99_999_999, "100000S"],
    [1e15, "99999999H"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(encodeGrpcTimeout(ms)).toBe(text);
  });

  it("never asks for less than there is, nor for a tenth more than a millisecond above it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e12 }), (ms) => {
        const text = encodeGrpcTimeout(ms);
        expect(text).toMatch(/^\d{1,8}[mSMH]$/);
        const read = decodeGrpcTimeout(text) as number;
        expect(read).toBeGreaterThanOrEqual(ms);
        expect(read).toBeLessThanOrEqual(ms * 1.1 + 1);
      }),
    );
  });

  it.each([
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3_000],
    ["4m", 4],
    ["5u", 0.005],
    ["6n", 0.000006],
    ["99999999H", 99_999_999 * 3_600_000],
  ])("reads %s", (text, ms) => {
    expect(decodeGrpcTimeout(text)).toBe(ms);
  });

  it.each([undefined, "", "10", "S", "123456789S", "-1S", "1.5S", "1 S"])("takes %j for no limit", (text) => {
    expect(decodeGrpcTimeout(text)).toBeUndefined();
  });
});
