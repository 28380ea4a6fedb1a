import { describe, expect, it } from "vitest";
import { staticRegistry } from "./index.ts";

describe("staticRegistry", () => {
  it("tells its list once, sorted, and is silent until it ends", async () => {
    const over = new AbortController();
    const lists: unknown[] = [];
    const reading = (async () => {
      const registry = staticRegistry(["http://b:4317", { url: "https://a:4317", weight: 2 }, "unix:///run/otlp.sock"]);
      for await (const list of registry.watch(over.signal)) lists.push(list);
    })();
    await Promise.resolve();
    over.abort();
    await reading;
    expect(lists).toEqual([
      [{ url: "http://b:4317" }, { url: "https://a:4317", weight: 2 }, { url: "unix:///run/otlp.sock" }],
    ]);
  });

  it("says which URL is none", () => {
    expect(() => staticRegistry(["http://a:4317", "collector:4317"])).toThrow("not collector:4317");
  });
});
