// Runs the same programs on the meter of @otlpkit/client and on that of the OpenTelemetry SDK, and fails where what comes
// out is not the same. A test of the client starts it.
import assert from "node:assert/strict";
import { ValueType } from "@opentelemetry/api";
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { meterProvider } from "@otlpkit/client/api";
import fc from "fast-check";

// The SDK looks at the clock itself.
let nowMs = 1_700_000_000_000;
Date.now = () => nowMs;

const deltas = {
  cumulative: [],
  delta: ["COUNTER", "OBSERVABLE_COUNTER", "HISTOGRAM", "GAUGE", "OBSERVABLE_GAUGE"],
  lowmemory: ["COUNTER", "HISTOGRAM"],
};

function officialMeter(temporality, exponential, collections) {
  const exporter = {
    export(metrics, done) {
      collections.push(metrics);
      done({ code: 0 });
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
    selectAggregationTemporality: (kind) => (deltas[temporality].includes(kind) ? 0 : 1),
    selectAggregation: (kind) => ({
      type: exponential && kind === "HISTOGRAM" ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.DEFAULT,
    }),
  };
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  return new MeterProvider({ readers: [reader] });
}

function ourMeter(temporality, exponential, collections) {
  const histogramAggregation = exponential ? "base2_exponential_bucket_histogram" : "explicit_bucket_histogram";
  const client = {
    resource: { attributes: {} },
    recordMetric: (metrics) => void collections.push(metrics),
    flush: () => Promise.resolve({ failed: 0, left: 0 }),
    close: () => Promise.resolve({ failed: 0, left: 0 }),
  };
  return meterProvider({ client, temporality, histogramAggregation, intervalMs: 2 ** 31 - 1, flushAtExit: false });
}

const kinds = ["COUNTER", "UP_DOWN_COUNTER", "HISTOGRAM", "GAUGE"];

/** Instruments of all kinds, and what a program does to them. Observables say whatever `observed` holds. */
function instruments(provider, observed) {
  const meter = provider.getMeter("lib", "1.0", { schemaUrl: "https://s" });
  const counter = meter.createCounter("counter", { unit: "By", description: "bytes", valueType: ValueType.INT });
  const upDown = meter.createUpDownCounter("up-down");
  const advice = { explicitBucketBoundaries: [0, 1, 10, 100] };
  const histograms = [meter.createHistogram("histogram"), meter.createHistogram("advised", { advice })];
  const gauge = meter.createGauge("gauge");
  const observe = (result) => {
    for (const [attributes, value] of observed) result.observe(value, attributes);
  };
  meter.createObservableCounter("observable-counter").addCallback(observe);
  meter.createObservableUpDownCounter("observable-up-down").addCallback(observe);
  meter.createObservableGauge("observable-gauge").addCallback(observe);
  return {
    COUNTER: (value, attributes) => counter.add(value, attributes),
    UP_DOWN_COUNTER: (value, attributes) => upDown.add(value, attributes),
    HISTOGRAM: (value, attributes) => histograms.forEach((histogram) => histogram.record(value, attributes)),
    GAUGE: (value, attributes) => gauge.record(value, attributes),
  };
}

/** What a collection says. The start of points is compared where the SDK does what the specification says. */
function told({ scopeMetrics }) {
  return scopeMetrics.map(({ scope, metrics }) => ({
    scope: { ...scope },
    metrics: metrics.map((metric) => {
      const { name, unit, description, valueType } = metric.descriptor;
      const { aggregationTemporality, dataPointType, isMonotonic = false, dataPoints } = metric;
      const startIsRight = aggregationTemporality === 1 && !name.startsWith("observable");
      return {
        descriptor: { name, unit, description, valueType },
        aggregationTemporality,
        dataPointType,
        isMonotonic,
        dataPoints: dataPoints.map(({ attributes, startTime, endTime, value }) => ({
          attributes: { ...attributes },
          ...(startIsRight && { startTime }),
          endTime,
          value: typeof value === "number" ? value : comparable(value),
        })),
      };
    }),
  }));
}

/** An exponential histogram without buckets may be of any scale. */
function comparable(given) {
  const value = { ...given };
  delete value.hasMinMax;
  return value.positive?.bucketCounts.length === 0 ? { ...value, scale: 0, positive: undefined } : value;
}

const attributes = fc.constantFrom(
  undefined,
  {},
  { a: 1 },
  { a: "1" },
  { a: 1, b: "x" },
  { b: "x", a: 1 },
  { list: ["x", "y"] },
);
// Exact in floating point whatever the order of adding up, in which the two differ.
const values = fc.nat(4000).map((quarters) => quarters / 4);
const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ measure: fc.constantFrom(...kinds), value: values, attributes }) },
  { weight: 1, arbitrary: fc.constant({ collect: true }) },
  { weight: 1, arbitrary: fc.record({ observe: values }) },
);

let compared = 0;
await fc.assert(
  fc.asyncProperty(
    fc.array(steps, { maxLength: 60 }),
    fc.constantFrom(...Object.keys(deltas)),
    fc.boolean(),
    async (program, temporality, exponential) => {
      const observed = new Map([
        [{ a: 1 }, 0],
        [{ a: 1, b: "x" }, 0],
      ]);
      const collections = [[], []];
      const providers = [officialMeter, ourMeter].map((make, at) => make(temporality, exponential, collections[at]));
      const both = providers.map((provider) => instruments(provider, observed));
      for (const step of [...program, { collect: true }]) {
        nowMs += 250;
        if (step.collect) for (const provider of providers) await provider.forceFlush();
        else if (step.observe !== undefined) for (const key of observed.keys()) observed.set(key, step.observe);
        else {
          const sign = step.measure === "UP_DOWN_COUNTER" || step.measure === "GAUGE" ? -1 : 1;
          const value = step.measure === "COUNTER" ? Math.trunc(step.value) : (step.value - 200) * sign;
          for (const each of both) each[step.measure](value, step.attributes);
        }
      }
      const [official, ours] = collections.map((all) => all.map(told));
      assert.deepEqual(ours, official);
      compared += official.flat().flatMap(({ metrics }) => metrics.flatMap(({ dataPoints }) => dataPoints)).length;
      for (const provider of providers) await provider.shutdown();
    },
  ),
  { numRuns: 300 },
);
assert.ok(compared > 1000);
console.log("same");
