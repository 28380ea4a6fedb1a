import type { Signal } from "@otlpkit/core";
import type { RecordedLog, RecordedMetrics, RecordedSpan } from "@otlpkit/otlp";
import { logEncoder, metricEncoder, spanEncoder } from "@otlpkit/otlp/record";
import { createClient } from "../create-client.ts";
import type { ClientOptions } from "../options.ts";
import type { OtlpClient } from "../otlp-client.ts";
import { warn } from "./diagnostics.ts";
import { type Carrier, type Exporter, exporter } from "./exporter.ts";
import { diagnoseRetries } from "./losses.ts";

// Each takes options, or a client that is shared and stays its owner's to close.

/** For `BatchSpanProcessor` and its like, of any generation of the OpenTelemetry SDK. */
export function spanExporter(given: ClientOptions | OtlpClient = {}): Exporter<readonly RecordedSpan[]> {
  return exporter("traces", spanEncoder(), carrierOf(given, "traces"));
}

/** For `BatchLogRecordProcessor` and its like, of any generation of the OpenTelemetry SDK. */
export function logRecordExporter(given: ClientOptions | OtlpClient = {}): Exporter<readonly RecordedLog[]> {
  return exporter("logs", logEncoder(), carrierOf(given, "logs"));
}

/**
 * For `PeriodicExportingMetricReader`, of any generation of the OpenTelemetry SDK. Says nothing of temporality, so the
 * reader's own choice counts, which is cumulative; see {@link OTLPMetricExporterBase}.
 */
export function metricExporter(given: ClientOptions | OtlpClient = {}): Exporter<RecordedMetrics> {
  const one = exporter("metrics", metricEncoder(), carrierOf(given, "metrics"));
  return { ...one, export: (metrics, resultCallback) => one.export([metrics], resultCallback) };
}

/**
 * Exports wait for their turn within the byte budget, as many at a time as the official exporters would allow. Whoever
 * exports also flushes.
 */
function carrierOf(given: ClientOptions | OtlpClient, signal: Signal): Carrier {
  if ("recordSpan" in given) return { client: given, own: false };
  const client = createClient({ maxConcurrent: 30, flushAtExit: false, onWarning: warn, ...given });
  diagnoseRetries(client, signal);
  return { client, own: true };
}
