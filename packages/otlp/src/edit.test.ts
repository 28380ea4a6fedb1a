import { type Batch, protobufBatch, type Signal } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.ts";
import { editBatch, filterItems } from "./edit.ts";
import { encode } from "./encode.ts";
import { requestNames } from "./generated/schema.ts";
import type { AttributeValue } from "./any-value.ts";
import { randomMessage } from "./random-message.test.ts";
import { scan } from "./scan.ts";

const signals = fc.constantFrom<Signal>("traces", "metrics", "logs", "profiles");

function batchOf(signal: Signal, body: Uint8Array): Batch {
  return protobufBatch(signal, body, scan(signal, body));
}

/** A request of one span or two, and its decoded form after a change. */
const request = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeSpans: [
        {
          spans: [
            { name: "a", attributes: [{ key: "x", value: { intValue: 1n } }] },
            { name: "b", attributes: [] },
          ],
        },
      ],
    },
  ],
};
const traces = batchOf("traces", encode("traces", request));

function spansOf(batch: Batch): Record<string, unknown>[] {
  const spans = decode("traces", batch.body).resourceSpans?.[0]?.scopeSpans?.[0]?.spans ?? [];
  return spans as never as Record<string, unknown>[];
}

describe("editBatch", () => {
  it("sets attributes of items, in their place or at the end", () => {
    const edited = editBatch(traces, {
      item: (span) => {
        span.setAttribute("x", "one");
        span.setAttribute("y", true);
      },
    });
    const y = { key: "y", value: { boolValue: true } };
    const x = { key: "x", value: { stringValue: "one" } };
    expect(spansOf(edited).map((span) => span["attributes"])).toEqual([
      [x, y],
      [x, y],
    ]);
    expect(edited.items).toBe(2);
    expect(scan("traces", edited.body)).toBe(2);
  });

  it("writes every kind of value so that it reads the same", () => {
    const values: AttributeValue[] = [
      "",
      "héllo".repeat(50),
      true,
      false,
      0n,
      -1n,
      2n ** 63n - 1n,
      1.5,
      Number.NaN,
      Uint8Array.of(0, 255),
      null,
      ["a", null, [1n]],
      new Map<string, AttributeValue>([
        ["k", new Map([["inner", 1]])],
        ["", []],
      ]),
    ];
    for (const value of values) {
      const edited = editBatch(traces, { item: (span) => span.setAttribute("v", value) });
      expect(scan("traces", edited.body)).toBe(2);
      editBatch(edited, { item: (span) => expect(span.attribute("v")).toEqual(value) });
    }
  });

  it("takes attributes out, all of the key", () => {
    const twice = editBatch(traces, { item: (span) => span.setAttribute("x", null) });
    const doubled = batchOf(
      "traces",
      encode("traces", {
        resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key: "x" }, { key: "keep" }, { key: "x" }] }] }] }],
      }),
    );
    expect(spansOf(editBatch(doubled, { item: (span) => span.removeAttribute("x") }))[0]).toEqual({
      attributes: [{ key: "keep" }],
    });
    expect(spansOf(editBatch(doubled, { item: (span) => span.setAttribute("x", 1n) }))[0]).toEqual({
      attributes: [{ key: "x", value: { intValue: 1n } }, { key: "keep" }],
    });
    expect(spansOf(editBatch(twice, { item: (span) => span.removeAttribute("x") }))).toEqual([
      { name: "a" },
      { name: "b" },
    ]);
  });

  it("reads an attribute as it will be", () => {
    editBatch(traces, {
      item: (span) => {
        span.setAttribute("z", "new");
        expect(span.attribute("z")).toBe("new");
        span.removeAttribute("z");
        expect(span.attribute("z")).toBeUndefined();
      },
    });
  });

  it("calls for each resource and scope once, and makes them where they are missing", () => {
    const seen: unknown[] = [];
    const edited = editBatch(traces, {
      resource: (resource) => {
        seen.push(resource.attribute("service.name"));
        resource.setAttribute("cluster", "c1");
      },
      scope: (scope, around) => {
        seen.push(["scope of", around.resource.attribute("service.name")]);
        scope.set("name", "made");
      },
    });
    expect(seen).toEqual(["shop", ["scope of", "shop"]]);
    expect(decode("traces", edited.body)).toEqual({
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: "service.name", value: { stringValue: "shop" } },
              { key: "cluster", value: { stringValue: "c1" } },
            ],
          },
          scopeSpans: [
            {
              scope: { name: "made" },
              spans: [{ name: "a", attributes: [{ key: "x", value: { intValue: 1n } }] }, { name: "b" }],
            },
          ],
        },
      ],
    });
  });

  it("sets and removes fields of every kind, and the other arms of a oneof go", () => {
    const edited = editBatch(traces, {
      item: (span) => {
        span.set("name", "renamed");
        span.set("kind", 3);
        span.set("startTimeUnixNano", 2n ** 64n - 1n);
        span.set("traceId", new Uint8Array(16).fill(7));
        span.set("flags", 257);
      },
    });
    expect(spansOf(edited)[1]).toEqual({
      name: "renamed",
      kind: 3,
      startTimeUnixNano: 2n ** 64n - 1n,
      traceId: new Uint8Array(16).fill(7),
      flags: 257,
    });
    expect(spansOf(editBatch(edited, { item: (span) => span.remove("flags") }))[1]).not.toHaveProperty("flags");

    const points = { dataPoints: [{ asInt: 5n, flags: 1 }] };
    const metrics = batchOf(
      "metrics",
      encode("metrics", { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ sum: points }] }] }] }),
    );
    const changed = editBatch(metrics, {
      metric: (metric) => metric.set("unit", "ms"),
      item: (point, { metric }) => {
        expect(metric?.type).toMatch(/Metric$/);
        point.set("asDouble", 0.5);
      },
    });
    expect(decode("metrics", changed.body).resourceMetrics?.[0]?.scopeMetrics?.[0]?.metrics).toEqual([
      { unit: "ms", sum: { dataPoints: [{ asDouble: 0.5, flags: 1 }] } },
    ]);
  });

  it("sets the body of a log record", () => {
    const logs = batchOf(
      "logs",
      encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityNumber: 9 }] }] }] }),
    );
    const edited = editBatch(logs, { item: (record) => record.set("body", "hello") });
    editBatch(edited, { item: (record) => expect(record.value("body")).toBe("hello") });
  });

  it("changes nothing but what it is told to", () => {
    fc.assert(
      fc.property(signals, fc.integer(), (signal, seed) => {
        const batch = batchOf(signal, encode(signal, randomMessage(requestNames[signal], seed)));
        const key = "otlpkit.test.added";
        const added = editBatch(batch, {
          resource: (resource) => resource.set("droppedAttributesCount", 77),
          ...(signal === "profiles" ? {} : { item: (item) => item.setAttribute(key, ["x".repeat(seed & 255)]) }),
        });
        expect(scan(signal, added.body)).toBe(batch.items);
        if (signal === "profiles") return;
        const restored = editBatch(added, { item: (item) => item.removeAttribute(key) });
        const reference = editBatch(batch, { resource: (resource) => resource.set("droppedAttributesCount", 77) });
        expect(restored.body).toEqual(reference.body);
      }),
      { numRuns: 200 },
    );
  });

  it("hands back the same batch when nothing was changed", () => {
    expect(editBatch(traces, {})).toBe(traces);
    expect(editBatch(traces, { item: (span) => span.removeAttribute("no such") })).toBe(traces);
  });

  it("leaves unknown fields alone, next to what it changes too", () => {
    // scope { span { name "a", 1000 = group{}, attribute } 99 = 5 }
    const span = [0x2a, 1, 0x61, 0xc3, 0x3e, 0x08, 1, 0xc4, 0x3e, 0x4a, 3, 0x0a, 1, 0x78];
    const body = Uint8Array.from([
      0x0a,
      span.length + 7,
      0x12,
      span.length + 5,
      0x12,
      span.length,
      ...span,
      0x98,
      6,
      5,
    ]);
    const edited = editBatch(batchOf("traces", body), { item: (one) => one.removeAttribute("x") });
    const left = span.slice(0, 9);
    expect([...edited.body]).toEqual([
      0x0a,
      left.length + 7,
      0x12,
      left.length + 5,
      0x12,
      left.length,
      ...left,
      0x98,
      6,
      5,
    ]);
  });

  it("refuses what cannot be", () => {
    expect(() => editBatch(traces, { item: (span) => span.set("nom", "x") })).toThrow(/JSON names/);
    expect(() => editBatch(traces, { item: (span) => span.set("name", 1) })).toThrow(TypeError);
    expect(() => editBatch(traces, { item: (span) => span.set("kind", 1.5) })).toThrow(TypeError);
    expect(() => editBatch(traces, { item: (span) => span.set("events", []) })).toThrow(/list/);
    expect(() => editBatch({ ...traces, encoding: "gzip" }, {})).toThrow(/before the compression/);
  });
});

describe("filterItems", () => {
  it("keeps those that are wanted and what is around them", () => {
    const one = filterItems(traces, (item) => item.text("name") === "b") as Batch;
    expect(one.items).toBe(1);
    expect(decode("traces", one.body)).toEqual({
      resourceSpans: [{ resource: request.resourceSpans[0]?.resource, scopeSpans: [{ spans: [{ name: "b" }] }] }],
    });
  });

  it("hands back the same batch when all stay, and nothing when none does", () => {
    expect(filterItems(traces, () => true)).toBe(traces);
    expect(filterItems(traces, () => false)).toBeUndefined();
  });
});
