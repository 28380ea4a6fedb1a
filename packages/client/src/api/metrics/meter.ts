import type { Meter, MetricOptions, Observable } from "@opentelemetry/api";
import type { HrTime, RecordedMetric } from "@otlpkit/otlp";
import type { InstrumentKind } from "../../settings/temporality.ts";
import { type CallbackOptions, type Callbacks, callbacks } from "./callbacks.ts";
import { instrument } from "./instrument.ts";
import { instruments } from "./instruments.ts";
import type { Measure } from "./measure.ts";
import type { MetricSettings } from "./metric.ts";

/** A meter of the OpenTelemetry API, and how to get at what it measures. */
export interface CollectedMeter {
  readonly meter: Meter;
  /** Lets callbacks observe what is so now. Never rejects. */
  readonly observe: Callbacks["observe"];
  /** The metrics that have something to tell. */
  readonly collect: (time: HrTime) => readonly RecordedMetric[];
}

export function meter(settings: MetricSettings & CallbackOptions): CollectedMeter {
  const known = instruments(settings);
  const { observable, addBatch, removeBatch, observe } = callbacks(settings);

  function make<Handle>(kind: InstrumentKind, handleOf: (measure: Measure, name: string) => Handle) {
    return (name: string, options?: MetricOptions): Handle =>
      known.get(instrument(kind, name, options), (measure) => handleOf(measure, name));
  }
  const adding = (measure: Measure): { add: Measure } => ({ add: measure });
  const recording = (measure: Measure): { record: Measure } => ({ record: measure });
  const observing = (measure: Measure, name: string): Observable => observable(name, measure);

  return {
    meter: {
      createCounter: make("COUNTER", adding),
      createUpDownCounter: make("UP_DOWN_COUNTER", adding),
      createHistogram: make("HISTOGRAM", recording),
      createGauge: make("GAUGE", recording),
      createObservableCounter: make("OBSERVABLE_COUNTER", observing),
      createObservableUpDownCounter: make("OBSERVABLE_UP_DOWN_COUNTER", observing),
      createObservableGauge: make("OBSERVABLE_GAUGE", observing),
      addBatchObservableCallback: addBatch,
      removeBatchObservableCallback: removeBatch,
    },
    observe,
    collect: (time) => known.metrics.flatMap((each) => each.collect(time) ?? []),
  };
}
