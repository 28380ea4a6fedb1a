// Sends the scenario through the exporters of the third generation of the OpenTelemetry SDK (0.301 / 3.1), as their
// users set them up, and prints what was sent as one line of JSON.
import * as api from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import * as scenario from "../otel-scenario.mjs";

const { url, protocol, compression, marker } = scenario.parseArguments(process.argv.slice(2));
const base = protocol === "grpc" ? () => url : (signal) => `${url}/v1/${signal}`;
const failures = [];
api.diag.setLogger(
  { error: (...words) => failures.push(words.join(" ")), warn() {}, info() {}, debug() {}, verbose() {} },
  api.DiagLogLevel.ERROR,
);

const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${protocol}`);
const { OTLPMetricExporter } = await import(`@opentelemetry/exporter-metrics-otlp-${protocol}`);
const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${protocol}`);
const { CompressionAlgorithm } = await import("@opentelemetry/otlp-exporter-base");
const options = (signal) => ({
  url: base(signal),
  compression: compression === "gzip" ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
});
const resource = resourceFromAttributes({ "service.name": `scenario-${marker}`, "service.instance.id": "gen3" });

const tracerProvider = new TracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(options("traces")) })],
});
const meterProvider = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(options("metrics")) })],
});
const loggerProvider = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter(options("logs")) })],
});

const sent = {
  traces: scenario.traces(api, tracerProvider, marker),
  metrics: scenario.metrics(meterProvider, marker),
  logs: scenario.logs(loggerProvider, marker),
};
for (const provider of [tracerProvider, meterProvider, loggerProvider]) {
  await provider.forceFlush().catch((error) => failures.push(String(error)));
  await provider.shutdown().catch((error) => failures.push(String(error)));
}
console.log(JSON.stringify({ sent, failures }));
