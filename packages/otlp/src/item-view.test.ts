import { protobufBatch } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { encode } from "./encode.ts";
import { filterItems } from "./edit.ts";
import type { ItemView } from "./item-view.ts";
import { visitItems, visitTraceIds } from "./visit.ts";

/** Calls `look` with the view of each item. */
function each(
  signal: "traces" | "metrics" | "logs" | "profiles",
  body: Uint8Array,
  look: (item: ItemView) => void,
): void {
  filterItems(protobufBatch(signal, body, 1), (item) => {
    look(item);
    return true;
  });
}

const traceId = Uint8Array.from({ length: 16 }, (_, n) => n * 17);

describe("the view of an item", () => {
  const spans = encode("traces", {
    resourceSpans: [
      {
        schemaUrl: "resource-schema",
        resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
        scopeSpans: [
          {
            scope: { name: "library", version: "2" },
            schemaUrl: "scope-schema",
            spans: [
              {
                traceId,
                name: "checkout – naïve, and longer than what a loop would read",
                kind: 2,
                flags: 2 ** 32 - 1,
                startTimeUnixNano: 2n ** 64n - 1n,
                status: { code: 2, message: "no" },
                attributes: [
                  { key: "n", value: { intValue: -5n } },
                  { key: "list", value: { arrayValue: { values: [{ boolValue: true }, {}] } } },
                  { key: "é", value: { bytesValue: Uint8Array.of(1) } },
                  { key: "none" },
                ],
              },
            ],
          },
        ],
      },
      { scopeSpans: [{ spans: [{}] }] },
    ],
  });

  it("reads fields by name without decoding", () => {
    const names: (string | undefined)[] = [];
    each("traces", spans, (item) => {
      names.push(item.text("name"));
      if (item.position > 0) return;
      expect(item.traceId()).toBe("00112233445566778899aabbccddeeff");
      expect(item.bytes("traceId")).toEqual(traceId);
      expect(item.number("kind")).toBe(2);
      expect(item.number("flags")).toBe(2 ** 32 - 1);
      expect(item.integer("startTimeUnixNano")).toBe(2n ** 64n - 1n);
      expect(item.message("status")?.number("code")).toBe(2);
      expect(item.message("status")?.text("message")).toBe("no");
      expect(item.has("endTimeUnixNano")).toBe(false);
      expect(item.number("endTimeUnixNano")).toBeUndefined();
      expect(() => item.text("nom")).toThrow(/no field "nom"/);
    });
    expect(names).toEqual(["checkout – naïve, and longer than what a loop would read", undefined]);
  });

  it("reads attributes of the item, the resource and the scope", () => {
    each("traces", spans, (item) => {
      if (item.position > 0) {
        expect(item.resource.attribute("service.name")).toBeUndefined();
        expect(item.scope.text("name")).toBeUndefined();
        expect(item.scopeSchemaUrl).toBe("");
        expect(item.traceId()).toBe("");
        return;
      }
      expect(item.attribute("n")).toBe(-5n);
      expect(item.attribute("list")).toEqual([true, null]);
      expect(item.attribute("é")).toEqual(Uint8Array.of(1));
      expect(item.attribute("none")).toBeNull();
      expect(item.attribute("no such")).toBeUndefined();
      expect(item.resource.attribute("service.name")).toBe("shop");
      expect(item.scope.text("version")).toBe("2");
      expect(item.resourceSchemaUrl).toBe("resource-schema");
      expect(item.scopeSchemaUrl).toBe("scope-schema");
      expect(item.metric).toBeUndefined();
    });
  });

  it("knows the metric and the kind of a data point", () => {
    const body = encode("metrics", {
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                { name: "a", sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ asInt: -1n }] } },
                { name: "b", exponentialHistogram: { dataPoints: [{ scale: -3, sum: 1.5, count: 2n }] } },
              ],
            },
          ],
        },
      ],
    });
    const seen: unknown[] = [];
    each("metrics", body, (item) => {
      seen.push(
        item.metric?.text("name"),
        item.metricData?.number("aggregationTemporality"),
        item.type.split(".").at(-1),
      );
      if (item.position === 0) seen.push(item.integer("asInt"), item.metricData?.number("isMonotonic"));
      else seen.push(item.number("scale"), item.number("sum"), item.number("count"));
    });
    expect(seen).toEqual([
      "a",
      2,
      "NumberDataPoint",
      -1n,
      1,
      "b",
      undefined,
      "ExponentialHistogramDataPoint",
      -3,
      1.5,
      2,
    ]);
  });

  it("merges a resource that is written in two parts, the later of two scalars winning", () => {
    const part = (...bytes: number[]): number[] => [0x0a, bytes.length, ...bytes];
    const attribute = (key: number): number[] => [0x0a, 8, 0x0a, 1, key, 0x12, 3, 0x0a, 1, key];
    const resource = [...part(...attribute(0x61), 0x10, 1), ...part(...attribute(0x62), 0x10, 2)];
    const body = Uint8Array.from([0x0a, resource.length + 4, ...resource, 0x12, 2, 0x12, 0]);
    each("traces", body, (item) => {
      expect(item.resource.attribute("a")).toBe("a");
      expect(item.resource.attribute("b")).toBe("b");
      expect(item.resource.number("droppedAttributesCount")).toBe(2);
    });
  });
});

describe("visiting", () => {
  it("gives the ranges of items and the places of trace ids, wherever these are written", () => {
    const id = [0x0a, 16, ...traceId];
    const first = [...id, 0x2a, 1, 0x61];
    const last = [0x2a, 1, 0x61, ...id];
    const short = [0x0a, 3, 1, 2, 3];
    const items = [first, last, short, []];
    const scope = items.flatMap((item) => [0x12, item.length, ...item]);
    const body = Uint8Array.from([0x0a, scope.length + 2, 0x12, scope.length, ...scope]);
    const ranges: number[][] = [];
    visitItems("traces", body, (start, end) => ranges.push([...body.subarray(start, end)]));
    expect(ranges).toEqual(items);
    const ids: (number | string)[] = [];
    visitTraceIds("traces", body, (at) => ids.push(at === -1 ? "none" : (body[at + 1] as number)));
    expect(ids).toEqual([17, 17, "none", "none"]);
  });
});
