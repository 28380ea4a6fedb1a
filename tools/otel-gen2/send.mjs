// Sends the scenario through the exporters of the second generation of the OpenTelemetry SDK (0.223 / 2.12), as their users
// set them up.
import * as api from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { run } from "../otel-scenario.mjs";

await run({
  api,
  generation: "gen2",
  resourceFromAttributes,
  load: (name) => import(name),
  tracer: (resource, { exporter, processor }) =>
    new BasicTracerProvider({ resource, spanProcessors: [processor ?? new BatchSpanProcessor(exporter)] }),
  meter: (resource, { exporter }) =>
    new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter })] }),
  logger: (resource, { exporter, processor }) =>
    new LoggerProvider({ resource, processors: [processor ?? new BatchLogRecordProcessor({ exporter })] }),
});
