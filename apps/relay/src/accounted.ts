import type { Middleware } from "@otlpkit/core";
import { bookDeliveries, exporterMetrics, type Stop } from "@otlpkit/telemetry";
import type { ExporterContext } from "./component.ts";

/** The account of a destination. */
export function destination(id: string): Stop {
  return { kind: "destination", name: id };
}

/**
 * Counts what a destination takes, in metrics and in the book, and traces it. It stands behind its queue and in front of
 * retries.
 */
export function accounted({ book, id, metrics, trace }: ExporterContext): Middleware {
  const measure = exporterMetrics(metrics, { exporter: id });
  const settle = bookDeliveries(book, destination(id));
  return (next) => trace.leave(trace.send(measure(settle(next))));
}
