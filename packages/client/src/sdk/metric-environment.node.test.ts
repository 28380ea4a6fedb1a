import { afterEach, describe, expect, it } from "vitest";
import { OTLPMetricExporterBase } from "./metric-exporter-base.ts";

const delegate = { export: () => {}, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
const temporality = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
const histograms = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";

afterEach(() => {
  delete process.env[temporality];
  delete process.env[histograms];
});

describe("a metric exporter of a program that says nothing itself", () => {
  it("has the temporality that the environment prefers (I-31)", () => {
    process.env[temporality] = " LowMemory";
    const exporter = new OTLPMetricExporterBase(delegate);
    expect(exporter.selectAggregationTemporality("COUNTER")).toBe(0);
    expect(exporter.selectAggregationTemporality("OBSERVABLE_COUNTER")).toBe(1);
  });

  it("asks for the histograms that the environment prefers (I-33)", () => {
    process.env[histograms] = "BASE2_exponential_bucket_histogram";
    const exporter = new OTLPMetricExporterBase(delegate);
    expect(exporter.selectAggregation?.("HISTOGRAM")).toEqual({ type: 5 });
    expect(exporter.selectAggregation?.("COUNTER")).toEqual({ type: 0 });
  });
});
