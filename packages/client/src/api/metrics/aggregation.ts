import type { RecordedPoint } from "@otlpkit/otlp";

/** What becomes of the measurements that share their attributes. */
export interface Aggregation {
  /** Adds a measurement: a finite number, unless the instrument takes others too. */
  record(value: number): void;
  /** What was made of them so far. It does not change with what comes later. */
  value(): RecordedPoint["value"];
}

/** A way to put measurements together. */
export interface AggregationKind {
  readonly dataPointType: (typeof dataPointTypes)[keyof typeof dataPointTypes];
  start(): Aggregation;
}

/** The numbers of the OpenTelemetry SDK. */
export const dataPointTypes = { histogram: 0, exponentialHistogram: 1, gauge: 2, sum: 3 } as const;
