// For programs with the OpenTelemetry SDK, of any generation.
export { OtlpSpanProcessor, type ProcessedSpan } from "./span-processor.ts";
export { OtlpLogRecordProcessor, type ProcessedLog } from "./log-record-processor.ts";
export type { ProcessorOptions } from "./processor-options.ts";
export type { ForceFlushOptions } from "./record-processor.ts";
export type { PendingResource } from "./pending-resources.ts";
export { logRecordExporter, metricExporter, spanExporter } from "./exporters.ts";
export type { RecordedLog, RecordedMetrics, RecordedSpan } from "@otlpkit/otlp";
export type { Exporter, ExportResult } from "./exporter.ts";
// Under the names of the official exporters.
export { OTLPExporterBase } from "./exporter-base.ts";
export { type MetricPreferences, OTLPMetricExporterBase } from "./metric-exporter-base.ts";
export {
  type AggregationTemporality,
  AggregationTemporalityPreference,
  type AggregationTemporalitySelector,
  CumulativeTemporalitySelector,
  DeltaTemporalitySelector,
  LowMemoryTemporalitySelector,
} from "./temporality.ts";
export type { Aggregation, AggregationSelector } from "./aggregation.ts";
export { CompressionAlgorithm } from "./compression-algorithm.ts";
export { httpOptions, type OTLPExporterNodeConfigBase } from "./http-options.ts";
export type { Agent, HttpAgentFactory } from "./agent.ts";
export { grpcOptions, type OTLPGRPCExporterConfigNode } from "./grpc-options.ts";
export type { ChannelCredentials, Metadata } from "./channel-credentials.ts";
export type { OTLPExporterConfigBase } from "./exporter-options.ts";
// To put parts of ours into an official exporter.
export { type ExporterTransport, exporterTransport, type ExportResponse } from "./exporter-transport.ts";
export {
  logSerializer,
  metricSerializer,
  type Serializer,
  type ServiceResponse,
  traceSerializer,
} from "./serializer.ts";
