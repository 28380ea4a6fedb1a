import {
  httpOptions,
  logRecordExporter,
  metricExporter,
  type MetricPreferences,
  OTLPExporterBase,
  type OTLPExporterNodeConfigBase,
  OTLPMetricExporterBase,
  type RecordedLog,
  type RecordedSpan,
  spanExporter,
} from "@otlpkit/client/sdk";

/** Exports spans as protobuf over HTTP. */
export class OTLPTraceExporter extends OTLPExporterBase<readonly RecordedSpan[]> {
  constructor(config: OTLPExporterNodeConfigBase = {}) {
    super(spanExporter(httpOptions("traces", "http/protobuf", config)));
  }
}

/** Exports log records as protobuf over HTTP. */
export class OTLPLogExporter extends OTLPExporterBase<readonly RecordedLog[]> {
  constructor(config: OTLPExporterNodeConfigBase = {}) {
    super(logRecordExporter(httpOptions("logs", "http/protobuf", config)));
  }
}

/** What the metric exporter takes. */
export interface OTLPMetricExporterOptions extends OTLPExporterNodeConfigBase, MetricPreferences {}

/** Exports metrics as protobuf over HTTP. */
export class OTLPMetricExporter extends OTLPMetricExporterBase {
  constructor(config: OTLPMetricExporterOptions = {}) {
    const { temporalityPreference, aggregationPreference, ...rest } = config;
    super(metricExporter(httpOptions("metrics", "http/protobuf", rest)), {
      temporalityPreference,
      aggregationPreference,
    });
  }

  /** Taken, and not used, as `selfObsMeterProvider` is. */
  setSelfObsMeterProvider(_meterProvider: unknown): void {}
}
