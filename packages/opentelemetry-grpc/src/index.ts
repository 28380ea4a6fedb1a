// The names of the official exporters for OTLP/gRPC. The processors do without an exporter, and lose less.
export { OTLPLogExporter, OTLPMetricExporter, type OTLPMetricExporterOptions, OTLPTraceExporter } from "./exporters.ts";
export { OtlpLogRecordProcessor, OtlpSpanProcessor } from "./processors.ts";
export {
  type AggregationSelector,
  AggregationTemporalityPreference,
  type AggregationTemporalitySelector,
  CompressionAlgorithm,
  CumulativeTemporalitySelector,
  DeltaTemporalitySelector,
  LowMemoryTemporalitySelector,
  OTLPExporterBase,
  type OTLPExporterConfigBase,
  type OTLPGRPCExporterConfigNode,
  OTLPMetricExporterBase,
  type ProcessorOptions,
} from "@otlpkit/client/sdk";
