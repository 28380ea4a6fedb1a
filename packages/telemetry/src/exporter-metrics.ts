import { type Middleware, type Signal, signalNames } from "@otlpkit/core";
import { bySignal } from "./item-counters.ts";
import { measured } from "./measured.ts";
import type { Labels, Metrics } from "./metrics.ts";

/** Upper bounds for the time of a send, in seconds. */
const secondsBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Counts what became of the items given to an exporter: `otelcol_exporter_sent_spans` (delivered),
 * `otlpkit_exporter_rejected_spans` (delivered in part: these were refused, G-06) and
 * `otelcol_exporter_send_failed_spans` (not delivered; the error went back, or the items were dropped), and how many
 * requests are under way, retries included. The Collector's label is `exporter`.
 */
export function exporterMetrics(metrics: Metrics, labels: Labels): Middleware {
  const sent = bySignal(metrics, labels, "otelcol_exporter_sent", "Items that the destination has taken.");
  const rejected = bySignal(metrics, labels, "otlpkit_exporter_rejected", "Items refused in a partial success.");
  const failed = bySignal(metrics, labels, "otelcol_exporter_send_failed", "Items that were not delivered.");
  const bytes = metrics
    .counter("otlpkit_exporter_bytes", "Bytes of delivered requests before compression.")
    .with(labels);
  const seconds = metrics
    .histogram("otlpkit_exporter_send_duration_seconds", "Time until the answer, retries included.", secondsBounds)
    .with(labels);
  const failures = metrics.counter("otlpkit_exporter_send_failed_items", "Items that were not delivered, by reason.");
  const gauge = metrics.gauge("otelcol_exporter_in_flight_requests", "Requests under way, waits for retries included.");
  const inFlight = Object.fromEntries(
    signalNames.map((signal) => [signal, gauge.with({ ...labels, data_type: signal })]),
  ) as Record<Signal, ReturnType<typeof gauge.with>>;

  const outcomes = measured(({ batch, ms, rejectedItems, error }) => {
    seconds.observe(ms / 1000);
    inFlight[batch.signal].add(-1);
    if (error !== undefined) {
      failures.with({ ...labels, reason: error.code }).add(batch.items);
      return failed[batch.signal].add(batch.items);
    }
    sent[batch.signal].add(batch.items - rejectedItems);
    rejected[batch.signal].add(rejectedItems);
    return bytes.add(batch.body.byteLength);
  });
  return (next) => {
    const sender = outcomes(next);
    return {
      send(batch, options) {
        inFlight[batch.signal].add(1);
        return sender.send(batch, options);
      },
      close: () => sender.close(),
    };
  };
}

/** Counts attempts that failed and were followed by another; call the result at each of them with the error's code. */
export function retryMetrics(metrics: Metrics, labels: Labels): (code: string) => void {
  const attempts = metrics.counter("otlpkit_exporter_retries", "Attempts that failed and were followed by another.");
  return (code) => attempts.with({ ...labels, code }).add(1);
}
