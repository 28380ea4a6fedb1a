import {
  logEncoder,
  metricEncoder,
  type RecordedLog,
  type RecordedMetrics,
  type RecordedSpan,
  spanEncoder,
} from "@otlpkit/otlp";
import { createClient } from "../create-client.ts";
import type { ClientOptions } from "../options.ts";
import { warn } from "./diagnostics.ts";
import { type Exporter, exporter } from "./exporter.ts";

/** For `BatchSpanProcessor` and its like, of any generation of the OpenTelemetry SDK. */
export function spanExporter(options: ClientOptions = {}): Exporter<readonly RecordedSpan[]> {
  return exporter("traces", spanEncoder(), clientFor(options));
}

/** For `BatchLogRecordProcessor` and its like, of any generation of the OpenTelemetry SDK. */
export function logRecordExporter(options: ClientOptions = {}): Exporter<readonly RecordedLog[]> {
  return exporter("logs", logEncoder(), clientFor(options));
}

/**
 * For `PeriodicExportingMetricReader`, of any generation of the OpenTelemetry SDK. Says nothing of temporality, so the
 * reader's own choice counts, which is cumulative; see {@link OTLPMetricExporterBase}.
 */
export function metricExporter(options: ClientOptions = {}): Exporter<RecordedMetrics> {
  const one = exporter("metrics", metricEncoder(), clientFor(options));
  return { ...one, export: (metrics, resultCallback) => one.export([metrics], resultCallback) };
}

/**
 * Exports wait for their turn within the byte budget, as many at a time as the official exporters would allow. Whoever
 * exports also flushes.
 */
function clientFor(options: ClientOptions): ReturnType<typeof createClient> {
  return createClient({ maxConcurrent: 30, flushAtExit: false, onWarning: warn, ...options });
}
