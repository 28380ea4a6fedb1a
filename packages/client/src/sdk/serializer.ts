import type { Signal } from "@otlpkit/core";
import type { RecordedLog, RecordedMetrics, RecordedSpan } from "@otlpkit/otlp";
import { logEncoder, metricEncoder, type RecordEncoder, spanEncoder } from "@otlpkit/otlp/record";
import { decodeReply } from "@otlpkit/otlp/replies";

/** `ISerializer` of `@opentelemetry/otlp-transformer`: lets our encoder work inside the official exporters. */
export interface Serializer<Items> {
  /** One Export request in protobuf; undefined when there is nothing in it. */
  serializeRequest(items: Items): Uint8Array | undefined;
  /** What the far side refused, if anything. */
  deserializeResponse(data: Uint8Array): ServiceResponse;
}

/** An answer; the count has its own name for each signal, as in `rejectedSpans`. */
export interface ServiceResponse {
  readonly partialSuccess?: Readonly<Record<string, number | string>>;
}

/** For exporters of spans. */
export function traceSerializer(): Serializer<readonly RecordedSpan[]> {
  return serializer("traces", "rejectedSpans", spanEncoder(), (spans) => spans);
}

/** For exporters of log records. */
export function logSerializer(): Serializer<readonly RecordedLog[]> {
  return serializer("logs", "rejectedLogRecords", logEncoder(), (logs) => logs);
}

/** For exporters of metrics. */
export function metricSerializer(): Serializer<RecordedMetrics> {
  return serializer("metrics", "rejectedDataPoints", metricEncoder(), (metrics) => [metrics]);
}

function serializer<Items, Item>(
  signal: Signal,
  countName: string,
  encoder: RecordEncoder<Item>,
  each: (items: Items) => readonly Item[],
): Serializer<Items> {
  return {
    serializeRequest(items) {
      for (const item of each(items)) encoder.add(item);
      return encoder.take()?.body;
    },
    deserializeResponse(data) {
      const { rejectedItems, message } = decodeReply(signal, data, "protobuf");
      if (rejectedItems === 0 && message === "") return {};
      return { partialSuccess: { [countName]: rejectedItems, errorMessage: message } };
    },
  };
}
