import { type InstrumentKind, temporalityOf, type TemporalityPreference } from "../settings/temporality.ts";

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

/** Everything since the beginning (I-31). */
export const CumulativeTemporalitySelector: AggregationTemporalitySelector = selectorOf("cumulative");

/** What adds up since the last collection; what goes up and down since the beginning (I-32). */
export const DeltaTemporalitySelector: AggregationTemporalitySelector = selectorOf("delta");

/** Since the last collection where that needs no memory of what was reported before (I-32). */
export const LowMemoryTemporalitySelector: AggregationTemporalitySelector = selectorOf("lowmemory");

const preferences: readonly TemporalityPreference[] = ["delta", "cumulative", "lowmemory"];

/** What the program prefers, or else the environment. */
export function temporalitySelector(
  preference: AggregationTemporalityPreference | undefined,
  otherwise: TemporalityPreference,
): AggregationTemporalitySelector {
  return selectorOf(preferences[preference ?? -1] ?? otherwise);
}

function selectorOf(preference: TemporalityPreference): AggregationTemporalitySelector {
  return (instrumentType) => (temporalityOf(preference, instrumentType as InstrumentKind) === "delta" ? 0 : 1);
}
