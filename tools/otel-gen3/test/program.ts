// Programs for the SDK 3 with one import changed. They are only compiled, see names-and-types.test.ts.
import { metrics } from "@opentelemetry/api";
import { CompressionAlgorithm as OfficialCompression } from "@opentelemetry/otlp-exporter-base";
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
  type LogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { createClient } from "@otlpkit/client";
import { metricExporter, OTLPMetricExporterBase as SdkMetricExporterBase } from "@otlpkit/client/sdk";
import * as grpc from "@otlpkit/opentelemetry-grpc";
import * as http from "@otlpkit/opentelemetry-http";
import * as proto from "@otlpkit/opentelemetry-proto";

/** What the SDK takes from us. */
export const made: object[] = [];

for (const { OTLPTraceExporter, OTLPLogExporter, OTLPMetricExporter, OtlpSpanProcessor, OtlpLogRecordProcessor } of [
  grpc,
  http,
  proto,
]) {
  const traceExporter: SpanExporter = new OTLPTraceExporter();
  const logExporter: LogRecordExporter = new OTLPLogExporter({ url: process.env["URL"], timeoutMillis: 1000 });
  const exporter: PushMetricExporter = new OTLPMetricExporter({ compression: OfficialCompression.GZIP });
  const spans: SpanProcessor = new OtlpSpanProcessor({ maxQueueSize: 4096, scheduledDelayMillis: 100 });
  const logs: LogRecordProcessor = new OtlpLogRecordProcessor(createClient());
  made.push(new NodeSDK({ traceExporter }));
  made.push(
    new NodeSDK({
      spanProcessors: [spans, new BatchSpanProcessor({ exporter: traceExporter })],
      logRecordProcessors: [logs, new BatchLogRecordProcessor({ exporter: logExporter })],
      metricReaders: [new PeriodicExportingMetricReader({ exporter })],
    }),
  );
  made.push(new TracerProvider({ spanProcessors: [new OtlpSpanProcessor()] }));
  made.push(new LoggerProvider({ processors: [new OtlpLogRecordProcessor()] }));
  made.push(
    new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })] }),
  );
}

export const configured: proto.OTLPTraceExporter = new proto.OTLPTraceExporter({
  url: "http://localhost:4318/v1/traces",
  headers: async () => ({ authorization: "Bearer ..." }),
  concurrencyLimit: 10,
  compression: proto.CompressionAlgorithm.NONE,
  keepAlive: true,
  httpAgentOptions: { keepAlive: true, maxSockets: 5, rejectUnauthorized: false },
  userAgent: "shop/1.4",
  selfObsMeterProvider: metrics.getMeterProvider(),
});
made.push(
  new http.OTLPLogExporter({
    headers: { "x-tenant": "shop" },
    httpAgentOptions: async (protocol) =>
      new (await import(protocol === "http:" ? "node:http" : "node:https")).Agent({}),
  }),
);

class Vendor extends proto.OTLPMetricExporter {
  constructor() {
    super({
      temporalityPreference: AggregationTemporality.DELTA,
      aggregationPreference: (instrumentType: InstrumentType) =>
        instrumentType === InstrumentType.HISTOGRAM
          ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 80 } }
          : { type: AggregationType.DEFAULT },
    });
  }
}
made.push(new PeriodicExportingMetricReader({ exporter: new Vendor() }));
const preference: http.AggregationTemporalityPreference = http.AggregationTemporalityPreference.LOWMEMORY;
made.push(new http.OTLPMetricExporter({ temporalityPreference: preference }));
const shared: PushMetricExporter = new SdkMetricExporterBase(metricExporter(createClient()));
made.push(new PeriodicExportingMetricReader({ exporter: shared }));
