import type { Signal } from "@otlpkit/core";
import type { AnyValue, LogRecord, Metric, RequestOf, Resource, Span } from "@otlpkit/otlp";

/** One line for each item of a request, for people: whose it is, what it is, and how it is found again. */
export function itemLines<S extends Signal>(signal: S, request: RequestOf<S>): string[] {
  const lines: string[] = [];
  const found = request as RequestOf<"traces"> & RequestOf<"metrics"> & RequestOf<"logs">;
  for (const { resource, scopeSpans = [] } of found.resourceSpans ?? []) {
    for (const { spans = [] } of scopeSpans) for (const span of spans) lines.push(spanLine(resource, span));
  }
  for (const { resource, scopeMetrics = [] } of found.resourceMetrics ?? []) {
    for (const { metrics = [] } of scopeMetrics) for (const metric of metrics) lines.push(metricLine(resource, metric));
  }
  for (const { resource, scopeLogs = [] } of found.resourceLogs ?? []) {
    for (const { logRecords = [] } of scopeLogs) for (const record of logRecords) lines.push(logLine(resource, record));
  }
  return lines;
}

function spanLine(resource: Resource | undefined, span: Span): string {
  const { startTimeUnixNano = 0n, endTimeUnixNano = 0n } = span;
  const ms = Number(endTimeUnixNano - startTimeUnixNano) / 1e6;
  return joined(serviceOf(resource), span.name, `${ms.toFixed(1)} ms`, `trace ${hex(span.traceId)}`, failed(span));
}

function failed({ status }: Span): string {
  return status?.code === 2 ? `error ${status.message ?? ""}` : "";
}

function metricLine(resource: Resource | undefined, metric: Metric): string {
  const kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;
  const kind = kinds.find((name) => metric[name] !== undefined);
  const points = kind === undefined ? 0 : (metric[kind]?.dataPoints?.length ?? 0);
  return joined(serviceOf(resource), metric.name, kind ?? "", metric.unit, `${points} points`);
}

function logLine(resource: Resource | undefined, record: LogRecord): string {
  const atMs = Number((record.timeUnixNano || record.observedTimeUnixNano || 0n) / 1_000_000n);
  return joined(
    serviceOf(resource),
    atMs > 0 ? new Date(atMs).toISOString() : "",
    record.severityText,
    shortened(shown(record.body)),
  );
}

function serviceOf(resource: Resource | undefined): string {
  return shown(resource?.attributes?.find(({ key }) => key === "service.name")?.value);
}

function shown(value: AnyValue | undefined): string {
  if (value === undefined) return "";
  if (value.stringValue !== undefined) return value.stringValue;
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
}

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}

function joined(...parts: readonly (string | undefined)[]): string {
  return parts.filter(Boolean).join("  ");
}
