// Sends the scenario through the first generation of the OpenTelemetry SDK (1.30 / 0.57), which many programs still have. Its
// exporters are not here: only ours are put to the test with it.
import * as api from "@opentelemetry/api";
import { Resource } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { run } from "../otel-scenario.mjs";

await run({
  api,
  generation: "gen1",
  resourceFromAttributes: (attributes) => new Resource(attributes),
  load: (name) => import(name),
  tracer: (resource, { exporter, processor }) =>
    new BasicTracerProvider({ resource, spanProcessors: [processor ?? new BatchSpanProcessor(exporter)] }),
  meter: (resource, { exporter }) =>
    new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter })] }),
  logger(resource, { exporter, processor }) {
    const provider = new LoggerProvider({ resource });
    provider.addLogRecordProcessor(processor ?? new BatchLogRecordProcessor(exporter));
    return provider;
  },
});
