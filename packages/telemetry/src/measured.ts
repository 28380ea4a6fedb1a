import { type Batch, ExportError, type Middleware, type Signal, signalNames } from "@otlpkit/core";
import type { Labels, Metrics } from "./metrics.ts";

/** How a send ended. */
export interface Outcome {
  readonly batch: Batch;
  readonly ms: number;
  /** Items that the far side refused for good; 0 when the whole failed. */
  readonly rejectedItems: number;
  /** Absent when the batch was taken. */
  readonly error?: ExportError;
}

/** Tells `record` how every send ended. `now` is a clock in ms. */
export function measured(
  record: (outcome: Outcome) => void,
  now: () => number = performance.now.bind(performance),
): Middleware {
  return (next) => ({
    async send(batch, options) {
      const start = now();
      try {
        const ack = await next.send(batch, options);
        record({ batch, ms: now() - start, rejectedItems: Math.min(ack.rejectedItems, batch.items) });
        return ack;
      } catch (thrown) {
        const error = ExportError.from(thrown);
        record({ batch, ms: now() - start, rejectedItems: 0, error });
        throw error;
      }
    },
    close: () => next.close(),
  });
}

/** What the Collector's metrics call the items of a signal. */
export const itemNames: Readonly<Record<Signal, string>> = {
  traces: "spans",
  metrics: "metric_points",
  logs: "log_records",
  profiles: "profile_samples",
};

/**
 * Counts what a receiver answered, under the Collector's names: `otelcol_receiver_accepted_spans` (taken),
 * `otelcol_receiver_refused_spans` (told to come back) and `otelcol_receiver_failed_spans` (refused for good).
 */
export function receiverMetrics(metrics: Metrics, labels: Labels): Middleware {
  const accepted = bySignal(metrics, labels, "otelcol_receiver_accepted", "Items answered with success.");
  const refused = bySignal(metrics, labels, "otelcol_receiver_refused", "Items whose sender was told to come again.");
  const failed = bySignal(metrics, labels, "otelcol_receiver_failed", "Items refused for good.");
  const bytes = metrics.counter("otlpkit_receiver_bytes", "Bytes of requests after decompression.").with(labels);
  return measured(({ batch, error }) => {
    const counter = error === undefined ? accepted : error.retryable ? refused : failed;
    counter[batch.signal].add(batch.items);
    bytes.add(batch.body.byteLength);
  });
}

/** Upper bounds for the time of a send, in seconds. */
const secondsBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Counts what became of the items given to an exporter: `otelcol_exporter_sent_spans` (delivered),
 * `otlpkit_exporter_rejected_spans` (delivered in part: these were refused, G-06) and
 * `otelcol_exporter_send_failed_spans` (not delivered; the error went back, or the items were dropped).
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
  return measured(({ batch, ms, rejectedItems, error }) => {
    seconds.observe(ms / 1000);
    if (error !== undefined) return failed[batch.signal].add(batch.items);
    sent[batch.signal].add(batch.items - rejectedItems);
    rejected[batch.signal].add(rejectedItems);
    return bytes.add(batch.body.byteLength);
  });
}

/** Upper bounds for the items of a batch, as in the Collector. */
const itemsBounds = [10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000];
const bytesBounds = [1e3, 1e4, 1e5, 2.5e5, 5e5, 1e6, 2e6, 4e6, 8e6, 16e6, 32e6, 64e6];

/** Measures batches that come out of a batch processor, under the Collector's names. */
export function batchSizeMetrics(metrics: Metrics, labels: Labels): Middleware {
  const items = metrics
    .histogram("otelcol_processor_batch_batch_send_size", "Items in a batch that was sent.", itemsBounds)
    .with(labels);
  const bytes = metrics
    .histogram("otelcol_processor_batch_batch_send_size_bytes", "Bytes in a batch that was sent.", bytesBounds)
    .with(labels);
  return (next) => ({
    send(batch, options) {
      items.observe(batch.items);
      bytes.observe(batch.body.byteLength);
      return next.send(batch, options);
    },
    close: () => next.close(),
  });
}

/** One counter a signal, `PREFIX_spans` and so on, all there from the start so that a rate can see the first item. */
export function bySignal(
  metrics: Metrics,
  labels: Labels,
  prefix: string,
  help: string,
): Readonly<Record<Signal, { add(amount: number): void }>> {
  const counters = signalNames.map((signal) => [
    signal,
    metrics.counter(`${prefix}_${itemNames[signal]}`, help).with(labels),
  ]);
  return Object.fromEntries(counters) as Record<Signal, { add(amount: number): void }>;
}
