import type { HrTime, RecordedAttributes, RecordedResource, RecordedScope, RecordedSpanContext } from "./recorded.ts";

/** What one collection gave: `ResourceMetrics` of the OpenTelemetry JS SDK, with more that OTLP can say. */
export interface RecordedMetrics {
  readonly resource: RecordedResource;
  readonly scopeMetrics: readonly {
    readonly scope: RecordedScope;
    readonly metrics: readonly RecordedMetric[];
  }[];
}

/** A metric with its points. One without points is left out (N1-03). */
export interface RecordedMetric {
  readonly descriptor: {
    readonly name: string;
    readonly description?: string | undefined;
    readonly unit?: string | undefined;
    /** 0: the values of gauge and sum are integers; 1: doubles. */
    readonly valueType: number;
  };
  /** 0 histogram, 1 exponential histogram, 2 gauge, 3 sum, as the SDK has them; 4 summary. */
  readonly dataPointType: number;
  /** 0 delta, 1 cumulative, as the SDK has them (M-30). Of histograms and sums only. */
  readonly aggregationTemporality?: number | undefined;
  /** Whether a sum only grows. */
  readonly isMonotonic?: boolean | undefined;
  readonly dataPoints: readonly RecordedPoint[];
}

/** A point. Which kind of value it has depends on the `dataPointType` of its metric. */
export interface RecordedPoint {
  /** `[0, 0]`: not known. */
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: RecordedAttributes;
  readonly value: number | bigint | RecordedHistogram | RecordedExponentialHistogram | RecordedSummary;
  readonly exemplars?: readonly RecordedExemplar[] | undefined;
  /** Bit 0: there is no value, for nothing was recorded (M-07). */
  readonly flags?: number | undefined;
}

/** What both kinds of histogram say about their values. What is absent is not known, which 0 would not say (M-25). */
interface RecordedDistribution {
  readonly count: number;
  readonly sum?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** How many values lay between given boundaries: one count more than boundaries, or none of either (M-26). */
export interface RecordedHistogram extends RecordedDistribution {
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
}

/** How many values lay between powers of a base, which is 2 ** (2 ** -scale) (M-27). */
export interface RecordedExponentialHistogram extends RecordedDistribution {
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold?: number | undefined;
  readonly positive: RecordedBuckets;
  readonly negative: RecordedBuckets;
}

/** The counts of the bucket `offset` and of those that follow. */
export interface RecordedBuckets {
  readonly offset: number;
  readonly bucketCounts: readonly number[];
}

/** Quantiles of values, from 0 (the least) to 1 (the greatest). */
export interface RecordedSummary {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

/** A single measurement, and where it was made (M-34). */
export interface RecordedExemplar {
  readonly time: HrTime;
  /** Integer or double as the metric is; of histograms a double. */
  readonly value: number;
  readonly spanContext?: Pick<RecordedSpanContext, "traceId" | "spanId"> | undefined;
  /** Attributes of the measurement that the point has not. */
  readonly filteredAttributes?: RecordedAttributes | undefined;
}
