import type { HrTime, RecordedMetric } from "@otlpkit/otlp";
import { temporalityOf, type TemporalityPreference } from "../../settings/temporality.ts";
import type { AggregationKind } from "./aggregation.ts";
import { exponentialHistogram } from "./exponential-histogram.ts";
import { areBoundaries, defaultBoundaries, histogram } from "./histogram.ts";
import { type Instrument, isMonotonic } from "./instrument.ts";
import { lastValue } from "./last-value.ts";
import { measuredStream } from "./measured-stream.ts";
import { type Measure, measureOf } from "./measure.ts";
import type { StreamParts } from "./metric-stream.ts";
import { observedStream } from "./observed-stream.ts";
import { sum } from "./sum.ts";
import { type MetricView, type MetricViews, viewOf } from "./view.ts";

/** What a histogram is made of, by the names of the specification. */
export type HistogramAggregation = "explicit_bucket_histogram" | "base2_exponential_bucket_histogram";

/** The numbers of the OpenTelemetry SDK. */
const temporalities = { delta: 0, cumulative: 1 } as const;

/** How metrics are made; the same for all meters of a provider. */
export interface MetricSettings {
  readonly temporality: TemporalityPreference;
  readonly histogramAggregation: HistogramAggregation;
  readonly cardinalityLimit: number;
  readonly views: MetricViews;
  readonly now: () => HrTime;
  readonly warn: (warning: string) => void;
}

/** What becomes of the measurements of an instrument. */
export interface Metric {
  readonly measure: Measure;
  /** The metric in the shape of the OpenTelemetry SDK; undefined when it has no points. */
  collect(time: HrTime): RecordedMetric | undefined;
}

/** The metric of an instrument. */
export function metric(instrument: Instrument, settings: MetricSettings): Metric {
  const view = viewOf(settings.views, instrument.name);
  if (view.drop === true) return { measure: () => {}, collect: () => undefined };
  const temporality = temporalityOf(settings.temporality, instrument.kind);
  const monotonic = isMonotonic(instrument.kind);
  const aggregation = aggregationOf(instrument, view, settings);
  const parts: StreamParts = {
    aggregation,
    delta: temporality === "delta",
    monotonic,
    limit: settings.cardinalityLimit,
    keys: view.attributes && new Set(view.attributes),
    now: settings.now,
  };
  const stream = instrument.kind.startsWith("OBSERVABLE") ? observedStream(parts) : measuredStream(parts);
  return {
    measure: measureOf(instrument, stream.record, settings.warn),
    collect(time) {
      const dataPoints = stream.collect(time);
      if (dataPoints.length === 0) return undefined;
      const { name, description, unit, valueType } = instrument;
      return {
        descriptor: { name, description, unit, valueType },
        dataPointType: aggregation.dataPointType,
        aggregationTemporality: temporalities[temporality],
        isMonotonic: monotonic,
        dataPoints,
      };
    },
  };
}

function aggregationOf(instrument: Instrument, view: MetricView, settings: MetricSettings): AggregationKind {
  switch (instrument.kind) {
    case "GAUGE":
    case "OBSERVABLE_GAUGE":
      return lastValue;
    case "HISTOGRAM":
      return histogramOf(instrument, view, settings);
    default:
      return sum;
  }
}

/** The boundaries of a view win over the kind of histogram that is preferred, and that over boundaries that are advised. */
function histogramOf(instrument: Instrument, view: MetricView, settings: MetricSettings): AggregationKind {
  if (view.boundaries !== undefined) return histogram(view.boundaries);
  if (settings.histogramAggregation === "base2_exponential_bucket_histogram") return exponentialHistogram();
  const { boundaries = defaultBoundaries, name } = instrument;
  if (areBoundaries(boundaries)) return histogram([...boundaries]);
  settings.warn(
    `the histogram "${name}" has boundaries that are not numbers, each larger than the one before; it gets the usual ones`,
  );
  return histogram(defaultBoundaries);
}
