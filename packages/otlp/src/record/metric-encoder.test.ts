import { protobufBatch } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "../decode.ts";
import { encode } from "../encode.ts";
import type { Exemplar, Metric, ResourceMetrics } from "../generated/model.ts";
import { scan } from "../scan.ts";
import { metricEncoder } from "./metric-encoder.ts";
import type {
  RecordedExemplar,
  RecordedExponentialHistogram,
  RecordedHistogram,
  RecordedMetric,
  RecordedMetrics,
  RecordedPoint,
  RecordedSummary,
} from "./recorded-metrics.ts";
import {
  anyAttributes,
  anyContext,
  anyCount,
  anyOrigins,
  anyText,
  anyTime,
  attributesModel,
  bytesOf,
  grouped,
  nanos,
  resource,
  resourceModel,
  scope,
  scopeModel,
} from "./recorded.test.ts";

const fitsInteger = (value: number): boolean => Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;

function numberModel(value: number, isInteger: boolean): { asInt: bigint } | { asDouble: number } {
  return isInteger && fitsInteger(value) ? { asInt: BigInt(value) } : { asDouble: value };
}

function exemplarModel(exemplar: RecordedExemplar, isInteger: boolean): Exemplar {
  const { time, value, spanContext, filteredAttributes } = exemplar;
  return {
    timeUnixNano: nanos(time),
    ...numberModel(value, isInteger),
    ...(spanContext && { traceId: bytesOf(spanContext.traceId), spanId: bytesOf(spanContext.spanId) }),
    filteredAttributes: attributesModel(filteredAttributes),
  };
}

/** What points of every kind have. */
function pointModel(point: RecordedPoint, isInteger: boolean): object {
  return {
    startTimeUnixNano: nanos(point.startTime),
    timeUnixNano: nanos(point.endTime),
    attributes: attributesModel(point.attributes),
    flags: point.flags ?? 0,
    ...(point.exemplars && { exemplars: point.exemplars.map((each) => exemplarModel(each, isInteger)) }),
  };
}

function defined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function distributionModel({ count, sum, min, max }: RecordedHistogram | RecordedExponentialHistogram): object {
  return { count: BigInt(count), ...defined({ sum, min, max }) };
}

/** The metric in the decoded model. Members that are what absence means may be left in: `encode` does not write them. */
function metricModel(metric: RecordedMetric): Metric {
  const { descriptor, dataPoints, isMonotonic = false } = metric;
  const { name, description = "", unit = "", valueType } = descriptor;
  const aggregationTemporality = (metric.aggregationTemporality ?? 0) + 1;
  const isInteger = valueType === 0;
  const about = { name, description, unit };
  switch (metric.dataPointType) {
    case 0:
      return {
        ...about,
        histogram: {
          aggregationTemporality,
          dataPoints: dataPoints.map((point) => {
            const value = point.value as RecordedHistogram;
            return {
              ...pointModel(point, false),
              ...distributionModel(value),
              bucketCounts: value.buckets.counts.map(BigInt),
              explicitBounds: [...value.buckets.boundaries],
            };
          }),
        },
      };
    case 1:
      return {
        ...about,
        exponentialHistogram: {
          aggregationTemporality,
          dataPoints: dataPoints.map((point) => {
            const value = point.value as RecordedExponentialHistogram;
            const buckets = ({ offset, bucketCounts }: RecordedExponentialHistogram["positive"]) => ({
              offset,
              bucketCounts: bucketCounts.map(BigInt),
            });
            return {
              ...pointModel(point, false),
              ...distributionModel(value),
              scale: value.scale,
              zeroCount: BigInt(value.zeroCount),
              zeroThreshold: value.zeroThreshold ?? 0,
              positive: buckets(value.positive),
              negative: buckets(value.negative),
            };
          }),
        },
      };
    case 4:
      return {
        ...about,
        summary: {
          dataPoints: dataPoints.map((point) => {
            const { count, sum, quantiles } = point.value as RecordedSummary;
            return { ...pointModel(point, false), count: BigInt(count), sum, quantileValues: [...quantiles] };
          }),
        },
      };
    default: {
      const points = dataPoints.map((point) => ({
        ...pointModel(point, isInteger),
        ...numberModel(point.value as number, isInteger),
      }));
      if (metric.dataPointType === 2) return { ...about, gauge: { dataPoints: points } };
      return { ...about, sum: { dataPoints: points, aggregationTemporality, isMonotonic } };
    }
  }
}

const big = fc.oneof(fc.nat(300), fc.maxSafeNat());
const anyDouble = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, 2 ** 53, -(2 ** 63), 2 ** 63));

const anyExemplar: fc.Arbitrary<RecordedExemplar> = fc.record(
  { time: anyTime, value: anyDouble, spanContext: anyContext, filteredAttributes: anyAttributes },
  { requiredKeys: ["time", "value"] },
);

const anyDistribution = {
  count: big,
  sum: fc.option(fc.double(), { nil: undefined }),
  min: fc.option(fc.double(), { nil: undefined }),
  max: fc.option(fc.double(), { nil: undefined }),
};

const anyBuckets = fc.record({
  offset: fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer()),
  bucketCounts: fc.array(big, { maxLength: 100 }),
});

const values: fc.Arbitrary<RecordedPoint["value"]>[] = [
  fc.record({
    ...anyDistribution,
    buckets: fc.record({
      boundaries: fc.array(fc.double(), { maxLength: 40 }),
      counts: fc.array(big, { maxLength: 41 }),
    }),
  }),
  fc.record({
    ...anyDistribution,
    scale: fc.integer({ min: -10, max: 20 }),
    zeroCount: big,
    zeroThreshold: fc.constantFrom(undefined, 0, 1e-9),
    positive: anyBuckets,
    negative: anyBuckets,
  }),
  anyDouble,
  anyDouble,
  fc.record({
    count: big,
    sum: fc.double(),
    quantiles: fc.array(fc.record({ quantile: fc.double(), value: fc.double() }), { maxLength: 5 }),
  }),
];

const anyMetric: fc.Arbitrary<RecordedMetric> = fc.constantFrom(0, 1, 2, 3, 4).chain((dataPointType) =>
  fc.record({
    dataPointType: fc.constant(dataPointType),
    descriptor: fc.record(
      { name: anyText, description: anyText, unit: anyText, valueType: fc.constantFrom(0, 1) },
      { requiredKeys: ["name", "valueType"] },
    ),
    aggregationTemporality: fc.constantFrom(0, 1),
    isMonotonic: fc.constantFrom(undefined, true, false),
    dataPoints: fc.array(
      fc.record(
        {
          startTime: anyTime,
          endTime: anyTime,
          attributes: anyAttributes,
          value: values[dataPointType]!,
          exemplars: fc.array(anyExemplar, { maxLength: 3 }),
          flags: anyCount,
        },
        { requiredKeys: ["startTime", "endTime", "attributes", "value"] },
      ),
      { maxLength: 4 },
    ),
  }),
);

const anyCollections: fc.Arbitrary<RecordedMetrics[]> = anyOrigins.chain(({ resources, scopes }) =>
  fc.array(
    fc.record({
      resource: fc.constantFrom(...resources),
      scopeMetrics: fc.array(
        fc.record({ scope: fc.constantFrom(...scopes), metrics: fc.array(anyMetric, { maxLength: 3 }) }),
        { maxLength: 3 },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
);

/** Each resource once, in it each scope once; nothing that has no points. */
function model(collections: readonly RecordedMetrics[]): ResourceMetrics[] {
  const metrics = collections.flatMap(({ resource: from, scopeMetrics }) =>
    scopeMetrics.flatMap(({ scope: of, metrics: all }) =>
      all.filter(({ dataPoints }) => dataPoints.length > 0).map((metric) => ({ from, of, metric })),
    ),
  );
  return grouped(metrics, ({ from }) => from).map(([from, ofResource]) => ({
    ...resourceModel(from),
    scopeMetrics: grouped(ofResource, ({ of }) => of).map(([of, ofScope]) => ({
      ...scopeModel(of),
      metrics: ofScope.map(({ metric }) => metricModel(metric)),
    })),
  }));
}

function collection(...metrics: RecordedMetric[]): RecordedMetrics {
  return { resource, scopeMetrics: [{ scope, metrics }] };
}

function gauge(change: Partial<RecordedMetric> = {}, point: Partial<RecordedPoint> = {}): RecordedMetric {
  return {
    descriptor: { name: "queue.length", description: "", unit: "", valueType: 0 },
    dataPointType: 2,
    dataPoints: [{ startTime: [0, 0], endTime: [1_700_000_000, 0], attributes: {}, value: 7, ...point }],
    ...change,
  };
}

describe("the metric encoder", () => {
  it("writes any metrics as the canonical encoding of what they are, chunk after chunk", () => {
    const encoder = metricEncoder();
    fc.assert(
      fc.property(anyCollections, (collections) => {
        encoder.take(); // what a run that failed has left
        for (const each of collections) encoder.add(each);
        const points = collections.flatMap(({ scopeMetrics }) =>
          scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(({ dataPoints }) => dataPoints)),
        ).length;
        expect(encoder.items).toBe(points);
        const batch = encoder.take();
        const expected = encode("metrics", { resourceMetrics: model(collections) });
        expect(batch).toEqual(points === 0 ? undefined : protobufBatch("metrics", expected, points));
        if (batch !== undefined) expect(scan("metrics", batch.body)).toBe(points);
      }),
      { numRuns: 600 },
    );
  });

  it("makes no envelope around nothing (N1-03)", () => {
    const encoder = metricEncoder();
    expect(encoder.add(collection(gauge({ dataPoints: [] })))).toBe(0);
    expect(encoder.add(collection())).toBe(0);
    expect(encoder.take()).toBeUndefined();
  });

  it("takes integers of 64 bits as bigint too, and a fraction in a metric of integers as what it is", () => {
    const encoder = metricEncoder();
    for (const value of [2n ** 63n - 1n, -1n, -(2 ** 63), 1.5]) encoder.add(collection(gauge({}, { value })));
    const { metrics } = decode("metrics", encoder.take()!.body).resourceMetrics![0]!.scopeMetrics![0]!;
    expect(metrics!.map(({ gauge: one }) => one!.dataPoints![0])).toEqual([
      { timeUnixNano: 1_700_000_000_000_000_000n, asInt: 2n ** 63n - 1n },
      { timeUnixNano: 1_700_000_000_000_000_000n, asInt: -1n },
      { timeUnixNano: 1_700_000_000_000_000_000n, asInt: -(2n ** 63n) },
      { timeUnixNano: 1_700_000_000_000_000_000n, asDouble: 1.5 },
    ]);
  });

  it("refuses what would have no temporality (M-30) or is of no known kind, and forgets all of that collection", () => {
    const encoder = metricEncoder();
    encoder.add(collection(gauge()));
    const { bytes } = encoder;
    const sum = gauge({ dataPointType: 3 });
    for (const bad of [sum, { ...sum, aggregationTemporality: 2 }, gauge({ dataPointType: 5 })]) {
      const other = { resource: { attributes: { other: true } }, scopeMetrics: [{ scope, metrics: [gauge()] }] };
      const scopeMetrics = [...collection(gauge(), gauge()).scopeMetrics, { scope: { name: "b" }, metrics: [bad] }];
      for (const from of [resource, other.resource]) {
        const refused = expect.objectContaining({ code: "invalid" });
        expect(() => encoder.add({ resource: from, scopeMetrics })).toThrow(refused);
        expect([encoder.items, encoder.bytes]).toEqual([1, bytes]);
      }
    }
    encoder.add(collection(gauge()));
    const batch = encoder.take()!;
    expect(batch.items).toBe(2);
    expect(batch.body).toEqual(encode("metrics", { resourceMetrics: model([collection(gauge(), gauge())]) }));
  });

  it("takes thousands of points and buckets", () => {
    const encoder = metricEncoder();
    const [point] = gauge().dataPoints;
    const many = gauge({ dataPoints: Array.from({ length: 5000 }, (_, n) => ({ ...point!, value: n })) });
    const value = { count: 5, buckets: { boundaries: Array(10_000).fill(1.5), counts: Array(10_001).fill(2 ** 40) } };
    const wide = gauge({ dataPointType: 0, aggregationTemporality: 1 }, { value });
    encoder.add(collection(gauge(), many, wide, gauge()));
    const body = encode("metrics", { resourceMetrics: model([collection(gauge(), many, wide, gauge())]) });
    expect(encoder.take()!.body).toEqual(body);
  });
});
