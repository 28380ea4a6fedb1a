import { platform } from "#platform";
import type { OtlpClient } from "../../otlp-client.ts";
import type { Resource } from "../../resource.ts";
import { oneOf, within } from "../../settings/checked.ts";
import { type TemporalityPreference, temporalityPreferences } from "../../settings/temporality.ts";
import { areBoundaries } from "./histogram.ts";
import type { HistogramAggregation } from "./metric.ts";
import type { MetricViews } from "./view.ts";

/** What a meter provider needs of a client. */
export type MetricClient = Pick<OtlpClient, "resource" | "recordMetric" | "flush" | "close">;

/** How metrics are made. Only `client` is needed. */
export interface MeterProviderOptions {
  /** Carries the metrics away. How many points go in one request is its matter: `maxBatchItems` of its options. */
  readonly client: MetricClient;
  /** Whose metrics they are. Default: the resource of the client. */
  readonly resource?: Resource;
  /** Metrics are collected so often, in ms, from one beginning to the next (I-30). Default 60,000. */
  readonly intervalMs?: number;
  /** How long callbacks may take, in ms; what one observes later does not count. Default 30,000, but never more than `intervalMs`. */
  readonly timeoutMs?: number;
  /** Whether points tell everything or what is new. Default "cumulative". */
  readonly temporality?: TemporalityPreference;
  /**
   * What histograms are that have no view: of fixed boundaries (I-33), or of buckets that grow exponentially, as narrow as
   * the range of values allows (160 at most). Default "explicit_bucket_histogram".
   */
  readonly histogramAggregation?: HistogramAggregation;
  /**
   * How many points an instrument may have, each for other attributes. What is more is put together in one point with
   * the attribute `otel.metric.overflow`. Default 2000.
   */
  readonly cardinalityLimit?: number;
  /** What is done differently for single instruments, by their names. Default: nothing. */
  readonly views?: MetricViews;
  /**
   * Collects when the program has nothing left to do, or when the page is hidden, so that nothing measured is lost.
   * Default true.
   */
  readonly flushAtExit?: boolean;
  /** For tests. The wall clock, ms since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** For tests. Runs something after so many ms; returns what cancels that. Default: a timer that holds up nothing. */
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
}

/** Options with defaults filled in. */
export type MeterSettings = Required<Omit<MeterProviderOptions, "client">>;

const longestTimerMs = 2 ** 31 - 1;
const histograms = ["explicit_bucket_histogram", "base2_exponential_bucket_histogram"] as const;

/** @throws RangeError for an option that makes no sense. */
export function meterSettings(options: MeterProviderOptions): MeterSettings {
  const { temporality = "cumulative", histogramAggregation = "explicit_bucket_histogram", views = {} } = options;
  const intervalMs = within(1, longestTimerMs, "intervalMs", options.intervalMs ?? 60_000);
  const timeoutMs = within(0, Infinity, "timeoutMs", options.timeoutMs ?? 30_000);
  for (const [name, { boundaries = [] }] of Object.entries(views)) {
    if (!areBoundaries(boundaries)) {
      throw new RangeError(`views["${name}"].boundaries must be numbers, each larger than the one before`);
    }
  }
  return {
    resource: options.resource ?? options.client.resource,
    intervalMs,
    timeoutMs: Math.min(timeoutMs, intervalMs),
    temporality: oneOf("temporality", temporality, temporalityPreferences),
    histogramAggregation: oneOf("histogramAggregation", histogramAggregation, histograms),
    cardinalityLimit: within(1, Infinity, "cardinalityLimit", options.cardinalityLimit ?? 2000),
    views,
    flushAtExit: options.flushAtExit ?? true,
    now: options.now ?? Date.now,
    setTimer: options.setTimer ?? ((run, delayMs) => platform.later(run, delayMs)),
  };
}
