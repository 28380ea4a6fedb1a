// Sends the scenario through the exporters of the third generation of the OpenTelemetry SDK (0.301 / 3.1), as their users
// set them up.
import * as api from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { run } from "../otel-scenario.mjs";

await run({
  api,
  generation: "gen3",
  resourceFromAttributes,
  load: (name) => import(name),
  tracer: (resource, { exporter, processor }) =>
    new TracerProvider({ resource, spanProcessors: [processor ?? new BatchSpanProcessor({ exporter })] }),
  meter: (resource, { exporter }) =>
    new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter })] }),
  logger: (resource, { exporter, processor }) =>
    new LoggerProvider({ resource, processors: [processor ?? new BatchLogRecordProcessor({ exporter })] }),
});
