/** Kinds of instruments, by the names of the OpenTelemetry SDK. */
export type InstrumentKind =
  | "COUNTER"
  | "GAUGE"
  | "HISTOGRAM"
  | "UP_DOWN_COUNTER"
  | "OBSERVABLE_COUNTER"
  | "OBSERVABLE_GAUGE"
  | "OBSERVABLE_UP_DOWN_COUNTER";

/** What `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` can ask for. */
export type TemporalityPreference = "cumulative" | "delta" | "lowmemory";

export const temporalityPreferences: readonly TemporalityPreference[] = ["cumulative", "delta", "lowmemory"];

const deltas: Readonly<Record<TemporalityPreference, readonly InstrumentKind[]>> = {
  cumulative: [],
  delta: ["COUNTER", "OBSERVABLE_COUNTER", "HISTOGRAM", "GAUGE", "OBSERVABLE_GAUGE"],
  lowmemory: ["COUNTER", "HISTOGRAM"],
};

/**
 * Whether points of an instrument tell of the time since the last collection or since the start (I-32). "lowmemory" asks
 * of each kind what needs no memory of earlier collections. Gauges, of which the specification says nothing as their
 * points carry no temporality, are as in the OpenTelemetry SDK: with "delta" they tell only what was set since.
 */
export function temporalityOf(preference: TemporalityPreference, kind: InstrumentKind): "delta" | "cumulative" {
  return deltas[preference].includes(kind) ? "delta" : "cumulative";
}
