// Programs for the SDK 1 with one import changed. They are only compiled, see names-and-types.test.ts.
import { Resource } from "@opentelemetry/resources";
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
  type LogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import * as grpc from "@otlpkit/opentelemetry-grpc";
import * as http from "@otlpkit/opentelemetry-http";
import * as proto from "@otlpkit/opentelemetry-proto";

const resource = new Resource({ "service.name": "shop" });
/** What the SDK takes from us. */
export const made: object[] = [];

for (const { OTLPTraceExporter, OTLPLogExporter, OTLPMetricExporter, OtlpSpanProcessor, OtlpLogRecordProcessor } of [
  grpc,
  http,
  proto,
]) {
  const traceExporter: SpanExporter = new OTLPTraceExporter();
  const logExporter: LogRecordExporter = new OTLPLogExporter({ url: process.env["URL"], timeoutMillis: 1000 });
  const exporter: PushMetricExporter = new OTLPMetricExporter();
  const spans: SpanProcessor = new OtlpSpanProcessor({ maxQueueSize: 4096, scheduledDelayMillis: 100 });
  const logs: LogRecordProcessor = new OtlpLogRecordProcessor();
  made.push(new BasicTracerProvider({ resource, spanProcessors: [spans, new BatchSpanProcessor(traceExporter)] }));
  const loggers = new LoggerProvider({ resource });
  loggers.addLogRecordProcessor(logs);
  loggers.addLogRecordProcessor(new BatchLogRecordProcessor(logExporter));
  made.push(new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter })] }));
}
