import { describe, expect, it } from "vitest";
import { aggregationOfEnvironment } from "./aggregation.ts";
import { OTLPMetricExporterBase } from "./metric-exporter-base.ts";
import {
  AggregationTemporalityPreference,
  CumulativeTemporalitySelector,
  DeltaTemporalitySelector,
  LowMemoryTemporalitySelector,
  temporalitySelector,
} from "./temporality.ts";

const delta = 0;
const cumulative = 1;
const variable = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";

describe("temporality", () => {
  it.each([
    ["COUNTER", delta, delta],
    ["OBSERVABLE_COUNTER", delta, cumulative],
    ["HISTOGRAM", delta, delta],
    ["UP_DOWN_COUNTER", cumulative, cumulative],
    ["OBSERVABLE_UP_DOWN_COUNTER", cumulative, cumulative],
  ])("of %s (I-32)", (instrument, whenDelta, whenLowMemory) => {
    expect(CumulativeTemporalitySelector(instrument)).toBe(cumulative);
    expect(DeltaTemporalitySelector(instrument)).toBe(whenDelta);
    expect(LowMemoryTemporalitySelector(instrument)).toBe(whenLowMemory);
  });

  it("is what the program prefers, or else the environment, in any case, or else cumulative (I-31)", () => {
    expect(temporalitySelector(undefined, {})).toBe(CumulativeTemporalitySelector);
    expect(temporalitySelector(undefined, { [variable]: " LowMemory" })).toBe(LowMemoryTemporalitySelector);
    const { CUMULATIVE } = AggregationTemporalityPreference;
    expect(temporalitySelector(CUMULATIVE, { [variable]: "delta" })).toBe(CumulativeTemporalitySelector);
  });

  it("has a preference for each selector, with a name for each number as an enumeration has", () => {
    const { DELTA, LOWMEMORY } = AggregationTemporalityPreference;
    expect(temporalitySelector(DELTA, {})).toBe(DeltaTemporalitySelector);
    expect(temporalitySelector(LOWMEMORY, {})).toBe(LowMemoryTemporalitySelector);
    expect(AggregationTemporalityPreference[2]).toBe("LOWMEMORY");
  });
});

describe("aggregation", () => {
  const histograms = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";

  it("is left to the SDK, unless the environment asks for exponential histograms (I-33)", () => {
    expect(aggregationOfEnvironment({})).toBeUndefined();
    expect(aggregationOfEnvironment({ [histograms]: "explicit_bucket_histogram" })).toBeUndefined();
    const select = aggregationOfEnvironment({ [histograms]: "BASE2_exponential_bucket_histogram" });
    expect(select?.("HISTOGRAM")).toEqual({ type: 5 });
    expect(select?.("COUNTER")).toEqual({ type: 0 });
  });

  it("is asked of the exporter only if something was asked for, as the SDK 1 would misread the answer", () => {
    const delegate = { export: () => {}, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
    expect(new OTLPMetricExporterBase(delegate).selectAggregation).toBeUndefined();
    const chosen = new OTLPMetricExporterBase(delegate, { aggregationPreference: () => ({ type: 3 }) });
    expect(chosen.selectAggregation?.("GAUGE")).toEqual({ type: 3 });
  });
});
