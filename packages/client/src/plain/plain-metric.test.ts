import { ExportError } from "@otlpkit/core";
import { decode, type Metric, metricEncoder } from "@otlpkit/otlp";
import { describe, expect, it } from "vitest";
import { type PlainMetric, recordedMetric } from "./plain-metric.ts";

const resource = { attributes: { "service.name": "shop" } };
const now = () => 1_700_000_000_000;
const timeUnixNano = 1_700_000_000_000_000_000n;
const start = now() - 1000;
const startTimeUnixNano = timeUnixNano - 1_000_000_000n;

/** The metric as it goes on the wire. */
function encoded(metric: PlainMetric): Metric {
  const encoder = metricEncoder();
  encoder.add(recordedMetric(metric, resource, now));
  const { body } = encoder.take() ?? {};
  return decode("metrics", body ?? new Uint8Array()).resourceMetrics?.[0]?.scopeMetrics?.[0]?.metrics?.[0] ?? {};
}

describe("a metric as a plain object", () => {
  it("is its own point when it has one only", () => {
    expect(encoded({ name: "queue.length", kind: "gauge", value: 12.5, attributes: { queue: "a" } })).toEqual({
      name: "queue.length",
      gauge: {
        dataPoints: [{ timeUnixNano, asDouble: 12.5, attributes: [{ key: "queue", value: { stringValue: "a" } }] }],
      },
    });
  });

  it("has points otherwise", () => {
    const points = [
      { value: 17, start, attributes: { route: "/cart" } },
      { value: 3, start, attributes: { route: "/pay" } },
    ];
    const metric = encoded({ name: "requests", unit: "{request}", description: "All", kind: "sum", points });
    expect(metric).toMatchObject({ name: "requests", unit: "{request}", description: "All" });
    expect(metric.sum).toMatchObject({
      isMonotonic: true,
      aggregationTemporality: 2,
      dataPoints: [
        { timeUnixNano, startTimeUnixNano, asDouble: 17 },
        { timeUnixNano, startTimeUnixNano, asDouble: 3 },
      ],
    });
  });

  it("may be of whole numbers, as large as 64 bits allow", () => {
    const sum: PlainMetric = { name: "bytes", kind: "sum", valueType: "int", value: 2n ** 63n - 1n };
    expect(encoded(sum).sum?.dataPoints).toEqual([{ timeUnixNano, asInt: 2n ** 63n - 1n }]);
    expect(encoded({ ...sum, value: 5 }).sum?.dataPoints).toEqual([{ timeUnixNano, asInt: 5n }]);
  });

  it("may tell what is new, and fall", () => {
    const sum = { name: "open", kind: "sum", value: -1, monotonic: false, temporality: "delta" } as const;
    expect(encoded(sum).sum).toMatchObject({ aggregationTemporality: 1, dataPoints: [{ asDouble: -1 }] });
    expect(encoded(sum).sum?.isMonotonic ?? false).toBe(false);
  });

  it("may be a histogram, of which only what is known is told (M-25)", () => {
    const counts = [1, 0, 2];
    const point = { boundaries: [1, 10], counts };
    const bare = encoded({ name: "duration", kind: "histogram", ...point }).histogram?.dataPoints?.[0];
    expect(bare).toEqual({ timeUnixNano, count: 3n, explicitBounds: [1, 10], bucketCounts: [1n, 0n, 2n] });
    const full = { name: "duration", kind: "histogram", ...point, sum: 0, min: 0, max: 12 } as const;
    expect(encoded(full).histogram?.dataPoints?.[0]).toMatchObject({ sum: 0, min: 0, max: 12 });
  });

  it("may be an exponential histogram", () => {
    const metric = encoded({
      name: "duration",
      kind: "exponential-histogram",
      temporality: "delta",
      scale: -2,
      zeroCount: 4,
      zeroThreshold: 0.5,
      positive: { offset: -3, counts: [1, 2] },
      negative: { offset: 1, counts: [5] },
      sum: 3,
    });
    expect(metric.exponentialHistogram).toMatchObject({
      aggregationTemporality: 1,
      dataPoints: [
        {
          count: 12n,
          sum: 3,
          scale: -2,
          zeroCount: 4n,
          zeroThreshold: 0.5,
          positive: { offset: -3, bucketCounts: [1n, 2n] },
          negative: { offset: 1, bucketCounts: [5n] },
        },
      ],
    });
  });

  it("may be a summary", () => {
    const quantiles = [
      { quantile: 0.5, value: 3 },
      { quantile: 1, value: 9 },
    ];
    expect(encoded({ name: "latency", kind: "summary", count: 5, sum: 20, quantiles }).summary?.dataPoints).toEqual([
      { timeUnixNano, count: 5n, sum: 20, quantileValues: quantiles },
    ]);
  });

  it.each<[unknown, string]>([
    ["x", "metric must be an object"],
    [{ kind: "gauge", value: 1 }, "metric.name must be a text that is not empty"],
    [
      { name: "a", kind: "counter", value: 1 },
      "metric.kind must be one of histogram, exponential-histogram, gauge, sum, summary",
    ],
    [{ name: "a", kind: "gauge" }, "metric.value must be a number"],
    [{ name: "a", kind: "gauge", value: 5n }, "metric.value must be a number"],
    [{ name: "a", kind: "gauge", valueType: "int", value: 1.5 }, "metric.value must be a whole number"],
    [{ name: "a", kind: "gauge", valueType: "int", value: 2n ** 63n }, "metric.value must be a whole number"],
    [{ name: "a", kind: "sum", temporality: "both", value: 1 }, "metric.temporality must be one of delta, cumulative"],
    [{ name: "a", kind: "gauge", points: [{ value: 1 }, { value: "2" }] }, "metric.points[1].value must be a number"],
    [{ name: "a", kind: "gauge", points: [5] }, "metric.points[0] must be an object"],
    [
      { name: "a", kind: "histogram", boundaries: [2, 1], counts: [1, 1, 1] },
      "metric.boundaries must be numbers, each larger",
    ],
    [{ name: "a", kind: "histogram", boundaries: [1], counts: [1] }, "metric.counts must be one more than boundaries"],
    [{ name: "a", kind: "histogram", counts: [-1] }, "metric.counts[0] must be a whole number, 0 or more"],
    [{ name: "a", kind: "exponential-histogram", scale: 0.5 }, "metric.scale must be a whole number"],
    [
      { name: "a", kind: "summary", count: 1, sum: 1, quantiles: [{ quantile: 2, value: 1 }] },
      "metric.quantiles[0].quantile must be a number from 0 to 1",
    ],
  ])("names the member that is wrong: %o", (metric, message) => {
    const record = (): unknown => recordedMetric(metric as PlainMetric, resource);
    expect(record).toThrow(`cannot record what was given: ${message}`);
    expect(record).toThrow(ExportError);
  });
});
