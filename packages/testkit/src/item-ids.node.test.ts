import { describe, expect, it } from "vitest";
import { itemIdAttribute, itemIds } from "./index.ts";
import { golden } from "./node/index.ts";

describe("itemIds", () => {
  it("finds the same items in JSON as in protobuf", () => {
    let compared = 0;
    for (const { signal, json, binary, name } of golden({ group: "edge" })) {
      if (!signal || signal === "profiles" || !json || !binary) continue;
      expect(itemIds(signal, json, "json"), name).toHaveLength(itemIds(signal, binary).length);
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
  });

  it("reads span ids and marked attributes from JSON", () => {
    const text = new TextEncoder();
    const attributes = [{ key: itemIdAttribute, value: { stringValue: "7-1" } }];
    const points = { gauge: { dataPoints: [{ attributes }, {}] } };
    const metrics = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [points] }] }] });
    expect(itemIds("metrics", text.encode(metrics), "json")).toEqual(["7-1", "(no id)"]);
    const traces = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ spanId: "EEE19B7EC3C1B174" }] }] }] });
    expect(itemIds("traces", text.encode(traces), "json")).toEqual(["eee19b7ec3c1b174"]);
  });

  it("does not make ids of what is no request", () => {
    expect(() => itemIds("traces", Uint8Array.of(10, 200))).toThrow("ends inside");
    expect(() => itemIds("profiles", new Uint8Array())).toThrow("profiles");
  });
});
