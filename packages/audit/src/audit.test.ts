import { type AuditHook, type AuditRecord, ExportError, pipe } from "@otlpkit/core";
import { fakeClock, middlewareCases, recordingSender, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { audit, auditLog, type AuditOptions, canonicalJson } from "./index.ts";

const spans = seeded(1).traces({ items: 3 });

/** A hook that remembers, and fails or hangs as told. */
function rememberingHook(flush: () => Promise<void> = () => Promise.resolve()): AuditHook & { got: AuditRecord[] } {
  const got: AuditRecord[] = [];
  return { got, record: (entry) => void got.push(entry), flush, close: () => Promise.resolve() };
}

function setUp(options: Partial<AuditOptions> = {}, hook = rememberingHook()) {
  const clock = fakeClock();
  const next = recordingSender();
  const stage = audit(hook, { target: "traces", setTimer: (run, delayMs) => clock.setTimer(run, delayMs), ...options });
  return { hook, next, clock, sender: pipe(stage, next) };
}

describe("audit", () => {
  middlewareCases({ it }, () => audit(auditLog({ sinks: [] }), { target: "traces" }));

  it("sums up what is alike, and tells callers, tenants and outcomes apart", async () => {
    const { hook, next, clock, sender } = setUp();
    const alice = { caller: { name: "alice", method: "jwt" } };
    await sender.send(spans, alice);
    await sender.send(spans, alice);
    await sender.send({ ...spans, tenant: "shop" }, alice);
    await sender.send(spans, {});
    next.script({ rejectedItems: 2, message: "" }, new ExportError("overloaded", "later"));
    await sender.send(spans, {});
    await expect(sender.send(spans, alice)).rejects.toThrow("later");
    expect(hook.got).toEqual([]);
    await clock.advance(1000);
    const bytes = spans.body.byteLength;
    const base = { outcome: "success", target: "traces", action: "data.accepted" };
    expect(hook.got).toEqual([
      { ...base, actor: "alice", facts: { signal: "traces", method: "jwt", requests: 2, items: 6, bytes: 2 * bytes } },
      {
        ...base,
        actor: "alice",
        facts: { signal: "traces", method: "jwt", tenant: "shop", requests: 1, items: 3, bytes },
      },
      {
        ...base,
        actor: "anonymous",
        facts: { signal: "traces", requests: 2, items: 6, bytes: 2 * bytes, rejected: 2 },
      },
      {
        ...base,
        action: "data.refused",
        outcome: "failure",
        actor: "alice",
        reason: "overloaded",
        facts: { signal: "traces", method: "jwt", requests: 1, items: 3, bytes },
      },
    ]);
  });

  it("tells at a destination what is refused for good from what may be tried again", async () => {
    const { hook, next, sender } = setUp({ at: "destination", everyMs: 0 });
    await sender.send(spans, {});
    next.script(new ExportError("unavailable", "away"), new ExportError("invalid", "no"));
    await expect(sender.send(spans, {})).rejects.toThrow("away");
    await expect(sender.send(spans, {})).rejects.toThrow("no");
    expect(hook.got.map(({ action, reason }) => [action, reason])).toEqual([
      ["data.delivered", undefined],
      ["data.failed", "unavailable"],
      ["data.rejected", "invalid"],
    ]);
  });

  it("records what is summed up when it closes, and holds no more than a thousand sums", async () => {
    const { hook, sender } = setUp();
    for (let caller = 0; caller < 1001; caller++) {
      await sender.send(spans, { caller: { name: `caller-${caller}`, method: "basic" } });
    }
    expect(hook.got).toHaveLength(1001);
    await sender.send(spans, {});
    await sender.close();
    expect(hook.got).toHaveLength(1002);
  });

  it("delivers whatever a best-effort hook does: throw or hang", async () => {
    const throwing = rememberingHook(() => new Promise(() => undefined));
    throwing.record = () => {
      throw new Error("no");
    };
    for (const everyMs of [0, 1000]) {
      const { sender, next, clock } = setUp({ everyMs }, throwing);
      await sender.send(spans, {});
      await clock.advance(1000);
      await sender.close();
      expect(next.batches).toHaveLength(1);
    }
  });

  it("gives no answer before the record is kept where it is to fail closed", async () => {
    let keep: () => void = () => undefined;
    const hook = rememberingHook(() => new Promise((resolve) => (keep = resolve)));
    const { sender, next } = setUp({ mode: "fail-closed" }, hook);
    let answered = false;
    const sent = sender.send(spans, {}).then(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect([next.batches.length, hook.got.length, answered]).toEqual([1, 1, false]);
    keep();
    await sent;
  });

  it("refuses batches while records can't be kept where it is to fail closed, and takes them again afterwards", async () => {
    let broken = true;
    const hook = rememberingHook(() => (broken ? Promise.reject(new Error("disk full")) : Promise.resolve()));
    const { sender, next } = setUp({ mode: "fail-closed" }, hook);
    const refusal = { code: "unavailable", retryAfterMs: 1000, message: expect.stringContaining("audit record") };
    await expect(sender.send(spans, {})).rejects.toMatchObject(refusal);
    expect(next.batches).toHaveLength(1);
    await expect(sender.send(spans, {})).rejects.toMatchObject(refusal);
    // It was not even let through.
    expect(next.batches).toHaveLength(1);
    broken = false;
    await sender.send(spans, {});
    expect(next.batches).toHaveLength(2);
  });

  it("holds an answer no longer than its deadline for a hook that hangs", async () => {
    const { sender } = setUp(
      { mode: "fail-closed" },
      rememberingHook(() => new Promise(() => undefined)),
    );
    const sending = { deadline: performance.now() + 20 };
    await expect(sender.send(spans, sending)).rejects.toMatchObject({ code: "unavailable" });
    await expect(sender.send(spans, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      code: "unavailable",
    });
  });
});

describe("canonicalJson", () => {
  it("writes what RFC 8785 gives as its example of all kinds", () => {
    const value = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it("sorts members by UTF-16 units, leaves out what is undefined and mends half a pair", () => {
    const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, ö: 7, none: undefined };
    const names = Object.keys(JSON.parse(canonicalJson(value)) as object);
    expect(canonicalJson(value).match(/:(\d)/gu)?.join("")).toBe(":2:4:6:7:1:5:3");
    expect(names).not.toContain("none");
    expect(canonicalJson(["\ud800"])).toBe('["\ufffd"]');
  });
});
