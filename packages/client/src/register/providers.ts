import type { ClientLoggerProvider, ClientMeterProvider, ClientTracerProvider } from "../api/index.ts";
import type { OtlpClient } from "../otlp-client.ts";
import { logRecordLimitsIn, spanLimitsIn } from "../settings/environment/attribute-limits.ts";
import { type ExporterName, exportersIn } from "../settings/environment/exporter-choice.ts";
import { metricReadingIn } from "../settings/environment/metric-reading.ts";
import { samplerIn } from "../settings/environment/sampler-choice.ts";
import type { Variables } from "../settings/environment/variables.ts";
import type { Printer } from "./console-printer.ts";
import type { OpenTelemetry } from "./open-telemetry.ts";

/** A provider for each signal that is to go anywhere. */
export interface Providers {
  readonly tracerProvider?: ClientTracerProvider;
  readonly meterProvider?: ClientMeterProvider;
  readonly loggerProvider?: ClientLoggerProvider;
}

/** The providers that the environment asks for (I-30 to I-34, I-38, I-39). */
export function providersIn(read: Variables, client: OtlpClient, printer: Printer, { ours }: OpenTelemetry): Providers {
  const carriers = (signal: "traces" | "metrics" | "logs"): OtlpClient | undefined => {
    const names = exportersIn(read, signal);
    return names.length === 0 ? undefined : handingTo(names, client, printer);
  };
  const [spans, metrics, logs] = [carriers("traces"), carriers("metrics"), carriers("logs")];
  const sampler = samplerIn(read);
  const { intervalMs, timeoutMs, temporality, histogram } = metricReadingIn(read);
  return {
    ...(spans && {
      tracerProvider: ours.tracerProvider({
        client: spans,
        limits: spanLimitsIn(read),
        ...(sampler && { sampler: ours.samplerOf(sampler.name, sampler.argument) }),
      }),
    }),
    ...(metrics && {
      meterProvider: ours.meterProvider({
        client: metrics,
        intervalMs,
        timeoutMs,
        temporality,
        histogramAggregation: histogram,
      }),
    }),
    ...(logs && { loggerProvider: ours.loggerProvider({ client: logs, limits: logRecordLimitsIn(read) }) }),
  };
}

/** A client that hands each item to each exporter. */
function handingTo(names: readonly ExporterName[], client: OtlpClient, printer: Printer): OtlpClient {
  const exporters = names.map((name) => (name === "otlp" ? client : (printer as OtlpClient)));
  return {
    ...client,
    recordSpan(span) {
      for (const exporter of exporters) exporter.recordSpan(span);
    },
    recordMetric(metric) {
      for (const exporter of exporters) exporter.recordMetric(metric);
    },
    recordLog(log) {
      for (const exporter of exporters) exporter.recordLog(log);
    },
  };
}
