// What is measured through the OpenTelemetry API must arrive at a backend, whole.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { metrics, ValueType } from "@opentelemetry/api";
import { decode, type Metric, type ResourceMetrics } from "@otlpkit/otlp";
import { type Backend, httpBackend } from "@otlpkit/testkit/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient } from "../../index.ts";
import { registerGlobals } from "../register-globals.ts";
import { meterProvider } from "./meter-provider.ts";

let backend: Backend;
const cleanUp: (() => unknown)[] = [];

beforeEach(async () => {
  backend = await httpBackend();
  cleanUp.push(() => backend.close());
});
afterEach(async () => {
  for (const each of cleanUp.splice(0)) await each();
});

function arrived(): ResourceMetrics[] {
  return backend.requests.flatMap(({ body }) => decode("metrics", body).resourceMetrics ?? []);
}

function byName(all: readonly ResourceMetrics[]): Readonly<Record<string, Metric>> {
  const scopes = all.flatMap(({ scopeMetrics }) => scopeMetrics ?? []);
  return Object.fromEntries(scopes.flatMap(({ metrics }) => metrics ?? []).map((metric) => [metric.name, metric]));
}

describe("what is measured", () => {
  it("arrives in the forms of OTLP", async () => {
    const client = createClient({
      endpoint: backend.url,
      environment: false,
      resource: { "service.name": "shop" },
      metrics: { maxBatchItems: 1000 },
    });
    const provider = meterProvider({
      client,
      temporality: "delta",
      histogramAggregation: "base2_exponential_bucket_histogram",
      views: { size: { boundaries: [10] } },
      flushAtExit: false,
    });
    cleanUp.unshift(registerGlobals({ meterProvider: provider }));
    const meter = metrics.getMeter("shop", "2.1");
    const orders = meter.createCounter("orders", { valueType: ValueType.INT, unit: "{order}", description: "All" });
    orders.add(2, { of: "tea" });
    orders.add(3, { of: "tea" });
    meter.createUpDownCounter("open").add(-1.5);
    meter.createHistogram("duration").record(4);
    meter.createHistogram("size").record(4);
    meter.createObservableGauge("level").addCallback((result) => result.observe(0.5));
    expect(await provider.shutdown()).toEqual({ failed: 0, left: 0 });

    const all = arrived();
    expect(all[0]?.resource?.attributes).toContainEqual({ key: "service.name", value: { stringValue: "shop" } });
    expect(all[0]?.scopeMetrics?.[0]?.scope).toEqual({ name: "shop", version: "2.1" });
    const { orders: sum, open, duration, size, level } = byName(all);
    expect(sum).toMatchObject({ name: "orders", unit: "{order}", description: "All" });
    const attributes = [{ key: "of", value: { stringValue: "tea" } }];
    expect(sum?.sum).toMatchObject({
      isMonotonic: true,
      aggregationTemporality: 1,
      dataPoints: [{ asInt: 5n, attributes }],
    });
    const [point] = sum?.sum?.dataPoints ?? [];
    expect(point?.startTimeUnixNano).toBeLessThanOrEqual(point?.timeUnixNano ?? 0n);
    expect(open?.sum).toMatchObject({ aggregationTemporality: 2, dataPoints: [{ asDouble: -1.5 }] });
    expect(duration?.exponentialHistogram?.dataPoints).toMatchObject([
      { count: 1n, sum: 4, min: 4, max: 4, scale: 20, positive: { offset: 2 ** 21 - 1, bucketCounts: [1n] } },
    ]);
    expect(size?.histogram?.dataPoints).toMatchObject([
      { count: 1n, sum: 4, explicitBounds: [10], bucketCounts: [1n, 0n] },
    ]);
    expect(level?.gauge?.dataPoints).toMatchObject([{ asDouble: 0.5 }]);
    expect(client.counters("metrics")).toMatchObject({ accepted: 5, delivered: 5, pending: 0 });
  });

  it("goes in requests of so many points, in order, one metric in several if need be (O-19)", async () => {
    const client = createClient({ endpoint: backend.url, environment: false, metrics: { maxBatchItems: 1000 } });
    const provider = meterProvider({ client, cardinalityLimit: 2500, flushAtExit: false });
    const counter = provider.getMeter("shop").createCounter("orders");
    for (let id = 0; id < 2500; id++) counter.add(id, { id });
    await provider.shutdown();
    const requests = backend.requests.map(({ body }) => decode("metrics", body).resourceMetrics ?? []);
    const values = requests.map((all) =>
      (byName(all)["orders"]?.sum?.dataPoints ?? []).map(({ asDouble }) => asDouble),
    );
    expect(values.map(({ length }) => length).toSorted((a, b) => b - a)).toEqual([1000, 1000, 500]);
    expect(values.flat().toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 2500 }, (_, id) => id));
  });

  it("arrives although the program ends at once", async () => {
    const program = fileURLToPath(new URL("../../../test/counter.ts", import.meta.url));
    const words = ["--conditions=@otlpkit/source", program, backend.url];
    await promisify(execFile)(process.execPath, words, { timeout: 60_000 });
    expect(byName(arrived())["orders"]?.sum?.dataPoints).toMatchObject([{ asDouble: 3 }]);
    expect(backend.requests).toHaveLength(1);
  });
});
