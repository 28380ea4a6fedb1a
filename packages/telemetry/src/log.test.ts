import { ExportError } from "@otlpkit/core";
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

  it("writes errors with what is known about them, and causes that say more", () => {
    const { lines, log: it } = recorded({ format: "json" });
    const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:4317"), { code: "ECONNREFUSED" });
    const error = new ExportError("unavailable", "cannot reach otlp:4317 (ECONNREFUSED)", {
      cause: new Error("cannot reach otlp:4317 (ECONNREFUSED)", { cause: refused }),
    });
    it.error("not delivered", { error });
    expect(JSON.parse(lines[0]!)).toEqual({
      time: "2026-01-02T03:04:05.000Z",
      level: "error",
      message: "not delivered",
      error: "cannot reach otlp:4317 (ECONNREFUSED)",
      error_type: "ExportError",
      error_code: "unavailable",
      error_cause: "connect ECONNREFUSED 127.0.0.1:4317",
    });
    const { lines: debug, log: verbose } = recorded({ format: "json", level: "debug" });
    verbose.error("not delivered", { error: refused });
    expect((JSON.parse(debug[0]!) as { error_stack: string }).error_stack).toContain("log.test.ts");
  });

  it("writes no secret that it can tell by its key or by its looks", () => {
    for (const format of ["json", "text"] as const) {
      const { lines, log: it } = recorded({ format });
      it.with({ apiKey: "s3cret", "X-Api-Key": "s3cret" }).error("cannot call https://user:s3cret@host/path", {
        headers: { authorization: "s3cret", cookie: ["s3cret"], accept: "*/*" },
        nested: { deep: [{ client_secret: "s3cret", passphrase: "s3cret", "proxy-authorization": "s3cret" }] },
        map: new Map([["access_token", "s3cret"]]),
        error: new Error("GET https://me:s3cret@vault:8200/ failed with Authorization: Bearer s3cret.s3cret"),
        tokens: 5,
        keyId: "k1",
      });
      expect(lines[0]).not.toContain("s3cret");
      expect(lines[0]).toContain("[redacted]");
      expect(lines[0]).toContain("k1");
      expect(lines[0]).toMatch(/tokens"?[:=]5/u);
    }
  });

  it("writes whatever it is given, bounded", () => {
    const { lines, log: it } = recorded({ format: "json" });
    const circle: Record<string, unknown> = { a: 1 };
    circle["self"] = circle;
    const throwing = Object.defineProperty({}, "x", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    it.info("odd", { circle, throwing, long: "x".repeat(1e6), list: Array.from({ length: 1e5 }, () => 1) });
    it.info("odder", {
      bytes: new Uint8Array(3),
      when: new Date(Number.NaN),
      not: Number.NaN,
      fn: () => 1,
      level: "x",
    });
    expect(lines[0]!.length).toBeLessThan(20_000);
    expect(JSON.parse(lines[0]!)).toMatchObject({ circle: { a: 1, self: "…" }, throwing: {} });
    expect(JSON.parse(lines[1]!)).toMatchObject({ bytes: "3 bytes", not: "NaN", level: "info", field_level: "x" });
  });

  it("lets no text that came from outside steer a terminal", () => {
    const { lines, log: it } = recorded();
    it.warn("odd \u001B[2J name", { name: "\u001B]0;owned\u0007" });
    expect(lines[0]).not.toContain("\u001B");
  });

  it("adds what belongs to the moment, such as the ids of a trace", () => {
    let ids = {};
    const { lines, log: it } = recorded({ format: "json", context: () => ids });
    it.info("outside");
    ids = { trace_id: "5b8efff798038103d269b633813fc60c", span_id: "eee19b7ec3c1b174" };
    it.info("inside");
    expect(JSON.parse(lines[0]!)).not.toHaveProperty("trace_id");
    expect(JSON.parse(lines[1]!)).toMatchObject(ids);
  });

  it("writes every so many-th repetition when asked", () => {
    const { lines, log: it } = recorded({ maxRepeats: 2, repeatEvery: 3 });
    for (let n = 1; n <= 9; n++) it.warn("again", { n });
    expect(lines.map((line) => line.slice(15))).toEqual([
      "again  n=1",
      "again  n=2",
      "again  n=5 omitted=2",
      "again  n=8 omitted=2",
    ]);
  });
});
