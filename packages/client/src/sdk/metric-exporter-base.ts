import type { RecordedMetrics } from "@otlpkit/otlp";
import { type MetricReading, metricReadingIn } from "../settings/environment/metric-reading.ts";
import { type Environment, variables } from "../settings/environment/variables.ts";
import { type Aggregation, exponentialHistograms } from "./aggregation.ts";
import { warn } from "./diagnostics.ts";
import { OTLPExporterBase } from "./exporter-base.ts";
import type { Exporter } from "./exporter.ts";
import {
  type AggregationTemporality,
  type AggregationTemporalityPreference,
  type AggregationTemporalitySelector,
  temporalitySelector,
} from "./temporality.ts";

/** What a metric exporter asks of the reader that feeds it. */
export interface MetricPreferences {
  /**
   * One of {@link AggregationTemporalityPreference}. Default: what
   * `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` says, or cumulative (I-31).
   */
  readonly temporalityPreference?: AggregationTemporalityPreference | undefined;
  /**
   * How measurements become points. Default: what `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION` says, or the
   * choice of the SDK (I-33).
   */
  readonly aggregationPreference?: Bivariant["selector"] | undefined;
}

// A method's type, so that a function of the SDK's own enumeration will do.
interface Bivariant {
  selector(instrumentType: string): Aggregation;
}

/** An exporter that tells the reader how metrics are to be added up, and leaves the rest to another. */
export class OTLPMetricExporterBase extends OTLPExporterBase<RecordedMetrics> {
  readonly #temporality: AggregationTemporalitySelector;
  /**
   * Not there when nothing was asked for: the SDK 1 wants another answer than 2 and 3, whence `any`. A subclass may bring
   * its own.
   */
  selectAggregation?(instrumentType: string): any;

  constructor(delegate: Exporter<RecordedMetrics>, preferences: MetricPreferences = {}) {
    super(delegate);
    const { temporality, histogram } = readEnvironment();
    this.#temporality = temporalitySelector(preferences.temporalityPreference, temporality);
    const aggregation =
      preferences.aggregationPreference ??
      (histogram === "base2_exponential_bucket_histogram" ? exponentialHistograms : undefined);
    if (aggregation !== undefined && !("selectAggregation" in this)) this.selectAggregation = aggregation;
  }

  selectAggregationTemporality(instrumentType: string): AggregationTemporality {
    return this.#temporality(instrumentType);
  }
}

/** In a page there is none. */
function readEnvironment(): MetricReading {
  const { process } = globalThis as { readonly process?: { readonly env: Environment } };
  return metricReadingIn(variables(process?.env ?? {}, warn));
}
