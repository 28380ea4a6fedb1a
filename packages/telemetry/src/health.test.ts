import { describe, expect, it } from "vitest";
import { health } from "./index.ts";

describe("health", () => {
  it("is as good as the worst of its parts", () => {
    const parts = health(() => 0);
    expect(parts.report().state).toBe("starting");
    const one = parts.component("one");
    const two = parts.component("two");
    one.set("ready");
    expect(parts.report().state).toBe("starting");
    two.set("ready");
    expect(parts.report().state).toBe("ready");
    two.set("degraded", "slow");
    expect(parts.report().state).toBe("degraded");
    two.set("failed", "disk full");
    const since = "1970-01-01T00:00:00.000Z";
    expect(parts.report()).toEqual({
      state: "failed",
      components: { one: { state: "ready", since }, two: { state: "failed", reason: "disk full", since } },
    });
    one.set("stopping");
    expect(parts.report().state).toBe("stopping");
    one.remove();
    two.remove();
    expect(parts.report()).toEqual({ state: "starting", components: {} });
  });

  it("knows since when, whatever the reason becomes", () => {
    let ms = 1000;
    const parts = health(() => ms);
    const part = parts.component("a");
    part.set("degraded", "first");
    ms = 5000;
    part.set("degraded", "second");
    expect(parts.report().components["a"]).toEqual({
      state: "degraded",
      reason: "second",
      since: "1970-01-01T00:00:01.000Z",
    });
    part.set("ready");
    expect(parts.report().components["a"]).toEqual({ state: "ready", since: "1970-01-01T00:00:05.000Z" });
  });

  it("says who takes work: what is degraded does, what is not there is not known", () => {
    const parts = health();
    expect(parts.serving("")).toBe(false);
    const part = parts.component("exporter:otlp");
    for (const [state, serving] of [
      ["starting", false],
      ["ready", true],
      ["degraded", true],
      ["failed", false],
      ["stopping", false],
    ] as const) {
      part.set(state);
      expect([parts.serving(""), parts.serving("exporter:otlp")]).toEqual([serving, serving]);
    }
    expect(parts.serving("other")).toBeUndefined();
  });

  it("tells of changes of state and of nothing else", () => {
    const parts = health();
    let changes = 0;
    const stop = parts.onChange(() => void changes++);
    const part = parts.component("a");
    part.set("ready");
    part.set("ready");
    part.set("ready", "very");
    expect(changes).toBe(2);
    part.remove();
    part.remove();
    expect(changes).toBe(3);
    stop();
    parts.component("b");
    expect(changes).toBe(3);
  });
});
