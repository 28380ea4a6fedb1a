import { describe, expect, it } from "vitest";
import { randomIds } from "./ids.ts";

describe("random ids", () => {
  it("are 32 and 16 lower-case hex digits, each another", () => {
    const ids = randomIds();
    const made = Array.from({ length: 3000 }, () => [ids.generateTraceId(), ids.generateSpanId()]).flat();
    expect(made.every((id, index) => (index % 2 === 0 ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{16}$/).test(id))).toBe(true);
    expect(new Set(made).size).toBe(6000);
  });

  it("use every random byte once, in order", () => {
    let next = 0;
    const ids = randomIds((bytes) => {
      for (let index = 0; index < bytes.length; index++) bytes[index] = next++ % 251;
    });
    const text = Array.from({ length: 256 }, () => ids.generateTraceId()).join("");
    const expected = Array.from({ length: 4096 }, (_, index) => (index % 251).toString(16).padStart(2, "0")).join("");
    expect(text).toBe(expected);
    expect(ids.generateSpanId()).toBe(
      Array.from({ length: 8 }, (_, index) => ((4096 + index) % 251).toString(16).padStart(2, "0")).join(""),
    );
  });

  it("are never all zero, which means that there is none", () => {
    let filled = 0;
    const ids = randomIds((bytes) => bytes.fill(filled++ === 0 ? 0 : 1));
    expect(ids.generateSpanId()).toBe("01".repeat(8));
    filled = 0;
    const others = randomIds((bytes) => bytes.fill(filled++ === 0 ? 0 : 1));
    expect(others.generateTraceId()).toBe("01".repeat(16));
  });
});
