import { describe, expect, it } from "vitest";
import { retryAfterHeader, retryAfterMs } from "./retry-after.ts";

const now = Date.UTC(2026, 10, 22, 12, 0, 0);

describe("Retry-After (F-11)", () => {
  it("is whole seconds", () => {
    expect(retryAfterMs("5", now)).toBe(5_000);
    expect(retryAfterMs(" 5 ", now)).toBe(5_000);
  });

  it("is a date in any of the three forms of HTTP", () => {
    expect(retryAfterMs("Sun, 22 Nov 2026 12:00:03 GMT", now)).toBe(3_000);
    expect(retryAfterMs("Sunday, 22-Nov-26 12:00:03 GMT", now)).toBe(3_000);
    expect(retryAfterMs("Sun Nov 22 12:00:03 2026", now)).toBe(3_000);
  });

  it.each([
    undefined,
    "",
    "0",
    "abc",
    "-5",
    "1.5",
    "1e3",
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "Sun, 99 Nov 2026 99:00:03 GMT",
  ])("leaves the wait to the caller for %j", (header) => {
    expect(retryAfterMs(header, now)).toBe(0);
  });

  it("is never longer than a timer can wait", () => {
    expect(retryAfterMs("99999999999", now)).toBe(2 ** 31 - 1);
    expect(retryAfterMs("Sun, 22 Nov 2126 12:00:03 GMT", now)).toBe(2 ** 31 - 1);
  });

  it("is written in seconds, rounded up, never to 0 (K-09)", () => {
    expect(retryAfterHeader(250)).toBe("1");
    expect(retryAfterHeader(1_000)).toBe("1");
    expect(retryAfterHeader(1_001)).toBe("2");
  });
});
