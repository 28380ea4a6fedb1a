import {
  grpcOptions,
  logRecordExporter,
  metricExporter,
  type MetricPreferences,
  OTLPExporterBase,
  type OTLPGRPCExporterConfigNode,
  OTLPMetricExporterBase,
  type RecordedLog,
  type RecordedSpan,
  spanExporter,
} from "@otlpkit/client/sdk";

/** Exports spans over gRPC. */
export class OTLPTraceExporter extends OTLPExporterBase<readonly RecordedSpan[]> {
  constructor(config: OTLPGRPCExporterConfigNode = {}) {
    super(spanExporter(grpcOptions("traces", config)));
  }
}

/** Exports log records over gRPC. */
export class OTLPLogExporter extends OTLPExporterBase<readonly RecordedLog[]> {
  constructor(config: OTLPGRPCExporterConfigNode = {}) {
    super(logRecordExporter(grpcOptions("logs", config)));
  }
}

/** What the metric exporter takes. */
export interface OTLPMetricExporterOptions extends OTLPGRPCExporterConfigNode, MetricPreferences {}

/** Exports metrics over gRPC. */
export class OTLPMetricExporter extends OTLPMetricExporterBase {
  constructor(config: OTLPMetricExporterOptions = {}) {
    const { temporalityPreference, aggregationPreference, ...rest } = config;
    super(metricExporter(grpcOptions("metrics", rest)), { temporalityPreference, aggregationPreference });
  }

  /** Taken, and not used, as `selfObsMeterProvider` is. */
  setSelfObsMeterProvider(_meterProvider: unknown): void {}
}
