import { type TemporalityPreference, temporalityPreferences } from "../temporality.ts";
import type { Variables } from "./variables.ts";

/** How metrics are collected. */
export interface MetricReading {
  /** From the start of one collection to that of the next, in ms. */
  readonly intervalMs: number;
  /** A collection and its export may take so long, in ms. */
  readonly timeoutMs: number;
  readonly temporality: TemporalityPreference;
  /** The buckets of histograms for which the program says nothing. */
  readonly histogram: "explicit_bucket_histogram" | "base2_exponential_bucket_histogram";
}

const histograms = ["explicit_bucket_histogram", "base2_exponential_bucket_histogram"] as const;

/** What variables say, and the defaults of the specification (I-30, I-31, I-33). */
export function metricReadingIn(read: Variables): MetricReading {
  return {
    // Every 0 ms would be without end.
    intervalMs: read.whole("OTEL_METRIC_EXPORT_INTERVAL", 1) ?? 60_000,
    timeoutMs: (read.whole("OTEL_METRIC_EXPORT_TIMEOUT") ?? 30_000) || Infinity,
    temporality:
      read.oneOf("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporalityPreferences) ?? "cumulative",
    histogram: read.oneOf("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", histograms) ?? histograms[0],
  };
}
