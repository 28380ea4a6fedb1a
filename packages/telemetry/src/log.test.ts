import { describe, expect, it } from "vitest";
import { type Log, log, type LogOptions } from "./index.ts";

function recorded(options: LogOptions = {}): { lines: string[]; log: Log; clock: { ms: number } } {
  const lines: string[] = [];
  const clock = { ms: Date.UTC(2026, 0, 2, 3, 4, 5) };
  const made = log({ color: false, now: () => clock.ms, write: (line) => void lines.push(line), ...options });
  return { lines, log: made, clock };
}

describe("log", () => {
  it("writes aligned text for people", () => {
    const { lines, log: it } = recorded();
    it.info("ready");
    it.with({ exporter: "otlp/b" }).warn("cannot deliver", {
      error: new Error("no route"),
      attempt: 3,
      not: undefined,
    });
    expect(lines.map((line) => line.slice(9))).toEqual([
      "info  ready",
      'warn  cannot deliver  exporter=otlp/b error="no route" attempt=3',
    ]);
    expect(lines[0]).toMatch(/^\d\d:\d\d:05 /u);
  });

  it("writes one JSON object a line for machines", () => {
    const { lines, log: it } = recorded({ format: "json" });
    it.with({ a: 1 }).error("it\nbroke", { error: new Error("no route"), big: 2n ** 63n });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("\n");
    expect(JSON.parse(lines[0]!)).toEqual({
      time: "2026-01-02T03:04:05.000Z",
      level: "error",
      message: "it\nbroke",
      a: 1,
      error: "no route",
      big: "9223372036854775808",
    });
  });

  it("keeps a message of several lines on one line of text", () => {
    const { lines, log: it } = recorded();
    it.error("first\n12:00:00 info  forged");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("first | 12:00:00 info  forged");
  });

  it("leaves out what is below its level", () => {
    const { lines, log: it } = recorded({ level: "warn" });
    it.debug("a");
    it.info("b");
    it.warn("c");
    it.error("d");
    expect(lines.map((line) => line.slice(-1))).toEqual(["c", "d"]);
  });

  it("writes a repeated message only so often, and then says how many were left out", () => {
    const { lines, log: it, clock } = recorded({ maxRepeats: 2, repeatWindowMs: 1000 });
    for (let n = 0; n < 10; n++) it.warn("again", { n });
    it.warn("other");
    expect(lines.map((line) => line.slice(15))).toEqual(["again  n=0", "again  n=1", "other"]);
    clock.ms += 1000;
    it.warn("again", { n: 10 });
    it.warn("again", { n: 11 });
    expect(lines.slice(3).map((line) => line.slice(15))).toEqual(["again  n=10 omitted=8", "again  n=11"]);
  });

  it("colours the level when asked", () => {
    const { lines, log: it } = recorded({ color: true });
    it.error("red");
    expect(lines[0]).toContain("\u001B[31merror\u001B[0m red");
  });
});
