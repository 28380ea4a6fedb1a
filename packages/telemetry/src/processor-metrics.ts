import type { Middleware, Signal } from "@otlpkit/core";
import type { Counter, CounterSeries, Labels, Metrics } from "./metrics.ts";

/** Upper bounds for the items of a batch, as in the Collector. */
export const itemsBounds: readonly number[] = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 20_000, 30_000,
  50_000, 100_000,
];
export const bytesBounds: readonly number[] = [1e3, 1e4, 1e5, 2.5e5, 5e5, 1e6, 2e6, 4e6, 8e6, 16e6, 32e6, 64e6];

/** Measures batches that come out of a batch processor, under the Collector's names. */
export function batchSizeMetrics(metrics: Metrics, labels: Labels): Middleware {
  const items = metrics
    .histogram("otelcol_processor_batch_batch_send_size", "Items in a batch that was sent.", itemsBounds, "items")
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

/**
 * Counts the items that go into `stage` and come out of it, under the Collector's names. What it filters, samples or
 * aggregates away is the difference. The Collector's labels are `processor` and `otel_signal`.
 */
export function processorMetrics(metrics: Metrics, labels: Labels, stage: Middleware): Middleware {
  const incoming = metrics.counter("otelcol_processor_incoming_items", "Items passed to the processor.");
  const outgoing = metrics.counter("otelcol_processor_outgoing_items", "Items that the processor passed on.");
  const before = counted(incoming, labels);
  const behind = counted(outgoing, labels);
  return (next) => before(stage(behind(next)));
}

function counted(counter: Counter, labels: Labels): Middleware {
  const series = new Map<Signal, CounterSeries>();
  return (next) => ({
    send(batch, options) {
      let own = series.get(batch.signal);
      if (own === undefined) series.set(batch.signal, (own = counter.with({ ...labels, otel_signal: batch.signal })));
      own.add(batch.items);
      return next.send(batch, options);
    },
    close: () => next.close(),
  });
}
