import { inspect } from "node:util";
import type { HrTime, RecordedLog, RecordedMetrics, RecordedSpan } from "@otlpkit/otlp";

const statuses = ["", "ok", "error"];

/** Prints telemetry for people, a line an item: the exporter "console" of the environment. */
export function consolePrinter(print: (line: string) => void): Printer {
  return {
    recordSpan(span) {
      const { name, startTime, endTime, status, attributes } = span;
      const { traceId, spanId } = span.spanContext();
      const took = `${(milliseconds(endTime) - milliseconds(startTime)).toFixed(1)} ms`;
      print(line("span", name, took, statuses[status.code], status.message, `${traceId}/${spanId}`, attributes));
    },
    recordLog({ severityText, severityNumber, eventName, body, attributes }) {
      print(line("log", severityText ?? severityNumber, eventName, body, attributes));
    },
    recordMetric({ scopeMetrics }) {
      for (const { descriptor, dataPoints } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
        for (const { value, attributes } of dataPoints) {
          print(line("metric", descriptor.name, value, descriptor.unit, attributes));
        }
      }
    },
  };
}

/** Takes what providers record. */
export interface Printer {
  recordSpan(span: RecordedSpan): void;
  recordLog(log: RecordedLog): void;
  recordMetric(metrics: RecordedMetrics): void;
}

/** What there is, in one line. */
function line(...parts: readonly unknown[]): string {
  return parts.map(text).filter(Boolean).join("  ");
}

function text(part: unknown): string {
  if (typeof part === "string") return part;
  if (part === undefined || (typeof part === "object" && Object.keys(part ?? {}).length === 0)) return "";
  return inspect(part, { breakLength: Infinity, compact: true, depth: 4 });
}

function milliseconds([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + nanoseconds / 1e6;
}
