import { warn } from "./diagnostics.ts";

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

/** What the environment says of histograms (I-33); undefined when it leaves them to the SDK. */
export function aggregationOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): AggregationSelector | undefined {
  const variable = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
  const text = environment[variable]?.trim() ?? "";
  switch (text.toLowerCase()) {
    case "base2_exponential_bucket_histogram":
      return (instrumentType) => (instrumentType === "HISTOGRAM" ? { type: 5 } : { type: 0 });
    case "":
    case "explicit_bucket_histogram":
      return undefined;
    default:
      warn(`${variable}="${text}" is none of "explicit_bucket_histogram", "base2_exponential_bucket_histogram"`);
      return undefined;
  }
}
