/** How measurements become points, as the OpenTelemetry SDK 2 and 3 write it down. */
export type Aggregation =
  /** Default, drop, sum, last value. */
  | { readonly type: 0 }
  | { readonly type: 1 }
  | { readonly type: 2 }
  | { readonly type: 3 }
  /** Histogram with given bounds. */
  | { readonly type: 4; readonly options?: { readonly recordMinMax?: boolean; readonly boundaries: number[] } }
  /** Histogram with exponential bounds. */
  | { readonly type: 5; readonly options?: { readonly recordMinMax?: boolean; readonly maxSize?: number } };

/** Chooses for a kind of instrument: "COUNTER", "HISTOGRAM", ... */
export type AggregationSelector = (instrumentType: string) => Aggregation;

/** Exponential histograms, and the rest as the SDK thinks best. */
export const exponentialHistograms: AggregationSelector = (instrumentType) =>
  instrumentType === "HISTOGRAM" ? { type: 5 } : { type: 0 };
