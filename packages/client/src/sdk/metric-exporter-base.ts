import type { RecordedMetrics } from "@otlpkit/otlp";
import { type Aggregation, aggregationOfEnvironment } from "./aggregation.ts";
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
   * `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` says, or cumulative.
   */
  readonly temporalityPreference?: AggregationTemporalityPreference | undefined;
  /** Default: what `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION` says, or the choice of the SDK. */
  readonly aggregationPreference?: MetricPreferencesMethods["aggregationPreference"] | undefined;
}

// A method, so that a function that takes the SDK's own enumeration will do.
interface MetricPreferencesMethods {
  aggregationPreference(instrumentType: string): Aggregation;
}

/** An exporter that tells the reader how metrics are to be added up, and leaves the rest to another. */
export class OTLPMetricExporterBase extends OTLPExporterBase<RecordedMetrics> {
  readonly #temporality: AggregationTemporalitySelector;
  /** Not there when nothing was asked for, because the SDK 1 wants another answer than 2 and 3. */
  readonly selectAggregation?: (instrumentType: string) => Aggregation;

  constructor(delegate: Exporter<RecordedMetrics>, preferences: MetricPreferences = {}) {
    super(delegate);
    const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {};
    this.#temporality = temporalitySelector(preferences.temporalityPreference, environment);
    const aggregation = preferences.aggregationPreference ?? aggregationOfEnvironment(environment);
    if (aggregation !== undefined) this.selectAggregation = aggregation;
  }

  selectAggregationTemporality(instrumentType: string): AggregationTemporality {
    return this.#temporality(instrumentType);
  }
}
