import { describe, expect, it } from "vitest";
import type { Aggregation } from "./aggregation.ts";
import { OTLPMetricExporterBase } from "./metric-exporter-base.ts";
import {
  AggregationTemporalityPreference,
  CumulativeTemporalitySelector,
  DeltaTemporalitySelector,
  LowMemoryTemporalitySelector,
} from "./temporality.ts";

const delta = 0;
const cumulative = 1;
const delegate = { export: () => {}, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };

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

  it("is cumulative unless the program prefers another (I-31)", () => {
    const select = (preference?: AggregationTemporalityPreference): number[] => {
      const exporter = new OTLPMetricExporterBase(delegate, { temporalityPreference: preference });
      return ["COUNTER", "OBSERVABLE_COUNTER"].map((kind) => exporter.selectAggregationTemporality(kind));
    };
    const { CUMULATIVE, DELTA, LOWMEMORY } = AggregationTemporalityPreference;
    expect(select()).toEqual([cumulative, cumulative]);
    expect(select(CUMULATIVE)).toEqual([cumulative, cumulative]);
    expect(select(DELTA)).toEqual([delta, delta]);
    expect(select(LOWMEMORY)).toEqual([delta, cumulative]);
    // An enumeration has names for its numbers too.
    expect(AggregationTemporalityPreference[LOWMEMORY]).toBe("LOWMEMORY");
  });
});

describe("aggregation", () => {
  it("is asked of the exporter only if something was asked for, as the SDK 1 would misread the answer", () => {
    expect("selectAggregation" in new OTLPMetricExporterBase(delegate)).toBe(false);
    const chosen = new OTLPMetricExporterBase(delegate, { aggregationPreference: () => ({ type: 3 }) });
    expect(chosen.selectAggregation?.("GAUGE")).toEqual({ type: 3 });
  });

  it("is what a subclass says, if it says anything", () => {
    class Own extends OTLPMetricExporterBase {
      override selectAggregation(): Aggregation {
        return { type: 1 };
      }
    }
    expect(new Own(delegate, { aggregationPreference: () => ({ type: 3 }) }).selectAggregation()).toEqual({ type: 1 });
  });
});
