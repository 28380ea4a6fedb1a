import * as api from "@opentelemetry/api";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { BatchLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import * as ours from "@otlpkit/opentelemetry-http";
import { run } from "../otel-untraced.mjs";

await run({
  ours,
  api,
  NodeSDK,
  HttpInstrumentation,
  PeriodicExportingMetricReader,
  spans: (exporter) => new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1 }),
  logs: (exporter) => new BatchLogRecordProcessor({ exporter }),
});
