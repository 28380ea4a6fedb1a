import { warn } from "./diagnostics.ts";

/** 0: since the last collection. 1: since the beginning. As the OpenTelemetry SDK counts them. */
export type AggregationTemporality = 0 | 1;

/** Chooses for a kind of instrument: "COUNTER", "GAUGE", "HISTOGRAM", "UP_DOWN_COUNTER", "OBSERVABLE_COUNTER", ... */
export type AggregationTemporalitySelector = (instrumentType: string) => AggregationTemporality;

/** What `temporalityPreference` can be. */
export const AggregationTemporalityPreference = {
  DELTA: 0,
  CUMULATIVE: 1,
  LOWMEMORY: 2,
  // Names by number, as an enum has them.
  0: "DELTA",
  1: "CUMULATIVE",
  2: "LOWMEMORY",
} as const;
export type AggregationTemporalityPreference = 0 | 1 | 2;

const delta = 0;
const cumulative = 1;

/** Everything since the beginning (I-31). */
export const CumulativeTemporalitySelector: AggregationTemporalitySelector = () => cumulative;

/** What adds up since the last collection; what goes up and down since the beginning (I-32). */
export const DeltaTemporalitySelector: AggregationTemporalitySelector = (instrumentType) =>
  instrumentType.endsWith("UP_DOWN_COUNTER") ? cumulative : delta;

/** Delta where that needs no memory of what was reported before, as it does for observable instruments (I-32). */
export const LowMemoryTemporalitySelector: AggregationTemporalitySelector = (instrumentType) =>
  instrumentType === "COUNTER" || instrumentType === "HISTOGRAM" ? delta : cumulative;

const selectors = [DeltaTemporalitySelector, CumulativeTemporalitySelector, LowMemoryTemporalitySelector] as const;
const names = ["delta", "cumulative", "lowmemory"];

/** What the program prefers, or the environment; cumulative by default (I-31). */
export function temporalitySelector(
  preference: AggregationTemporalityPreference | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): AggregationTemporalitySelector {
  if (preference !== undefined) return selectors[preference];
  const variable = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
  const text = environment[variable]?.trim() ?? "";
  const found = selectors[names.indexOf(text.toLowerCase())];
  if (found === undefined && text !== "") {
    warn(`${variable}="${text}" is none of "cumulative", "delta", "lowmemory"; it is ignored`);
  }
  return found ?? CumulativeTemporalitySelector;
}
