import type { Middleware, Signal } from "@otlpkit/core";
import { bySignal } from "./item-counters.ts";
import type { Labels, Metrics } from "./metrics.ts";
import { bytesBounds, itemsBounds } from "./processor-metrics.ts";

/** What is asked of a queue whenever metrics are read; what it does not know it leaves out. */
export interface QueueReading {
  /** How much is in it, in the unit of its capacity. */
  readonly size: number;
  readonly capacity: number;
  /** Items answered and not delivered. */
  readonly items?: number;
  /** How long the oldest has been in it; 0 when empty. */
  readonly oldestAgeMs?: number;
  /** Bytes that its files take. */
  readonly diskBytes?: number;
  /** How fast it is emptied at the moment, from which refusals compute their delay. */
  readonly drainBytesPerSecond?: number;
  /** Items laid aside that are still there. */
  readonly deadLetters?: number;
}

/** What a queue reports as it happens. */
export interface QueueMetrics {
  /** A batch went in. */
  taken(batch: { readonly items: number; readonly bytes: number }): void;
  /** A batch was refused because there is no room. */
  refused(batch: { readonly signal: Signal; readonly items: number }): void;
  /** Measures what comes out of the queue, perhaps merged; it stands behind it. */
  readonly sends: Middleware;
  /** Items that had been taken were given up. */
  dropped(items: number, reason: string): void;
  /** Items that had been taken were laid aside. */
  deadLettered(items: number, reason: string): void;
  /** Items were delivered that may have been there before. */
  repeated(items: number): void;
  /** A place in the files could not be read. */
  damaged(): void;
  /** What earlier runs had left was found, in so many ms. */
  recovered(found: { readonly items: number; readonly ms: number }): void;
}

/**
 * The metrics of a queue in front of an exporter, under the Collector's names where it has them. The Collector has a queue
 * for each signal and labels them `exporter` and `data_type`; give both if yours are like that.
 */
export function queueMetrics(metrics: Metrics, labels: Labels, read: () => QueueReading): QueueMetrics {
  const gauge = (name: string, help: string, unit?: string) => metrics.gauge(name, help, unit).with(labels);
  const sized = "requests, items or bytes";
  const size = gauge("otelcol_exporter_queue_size", "What is in the queue, in its unit.", sized);
  const capacity = gauge("otelcol_exporter_queue_capacity", "What fits into the queue, in its unit.", sized);
  /** Shown from the first time on that it is known. */
  const known = (name: string, help: string, unit?: string) => {
    const made = metrics.gauge(name, help, unit);
    return (value: number | undefined): void => (value === undefined ? undefined : made.with(labels).set(value));
  };
  const items = known("otlpkit_exporter_queued_items", "Items answered early, to be delivered.");
  const age = known("otlpkit_exporter_queue_oldest_age_seconds", "How long the oldest item has been in the queue.");
  const disk = known("otlpkit_exporter_queue_disk_bytes", "Bytes that the files of the queue take.");
  const drain = known(
    "otlpkit_exporter_queue_drain_bytes_per_second",
    "How fast the queue is emptied.",
    "bytes per second",
  );
  const kept = known("otlpkit_exporter_dead_letters_kept_items", "Items laid aside that are still there.");
  metrics.beforeRead(() => {
    const now = read();
    size.set(now.size);
    capacity.set(now.capacity);
    items(now.items);
    age(now.oldestAgeMs === undefined ? undefined : now.oldestAgeMs / 1000);
    disk(now.diskBytes);
    drain(now.drainBytesPerSecond);
    kept(now.deadLetters);
  });

  const refused = bySignal(metrics, labels, "otelcol_exporter_enqueue_failed", "Items refused by a full queue.");
  const dropped = metrics.counter(
    "otlpkit_exporter_dropped_items",
    "Items answered early and not delivered, by reason.",
  );
  const laidAside = metrics.counter("otlpkit_exporter_dead_letter_items", "Items laid aside in a file, by reason.");
  const repeated = metrics.counter(
    "otlpkit_exporter_repeated_items",
    "Items delivered that had been under way before a crash.",
  );
  const damaged = metrics.counter(
    "otlpkit_exporter_damaged_places",
    "Places in the files of a queue that could not be read.",
  );
  const found = metrics.counter("otlpkit_exporter_recovered_items", "Items of earlier runs, found at the start.");
  const recovery = metrics.gauge("otlpkit_exporter_recovery_seconds", "How long it took at the start to find them.");
  const histogram = (name: string, help: string, bounds: readonly number[], unit?: string) =>
    metrics.histogram(name, help, bounds, unit).with(labels);
  const inItems = histogram(
    "otelcol_exporter_enqueue_size",
    "Items of a batch put into the queue.",
    itemsBounds,
    "items",
  );
  const inBytes = histogram("otelcol_exporter_enqueue_size_bytes", "Bytes of a batch put into the queue.", bytesBounds);
  const outItems = histogram("otelcol_exporter_queue_batch_send_size", "Items of a send.", itemsBounds, "items");
  const outBytes = histogram("otelcol_exporter_queue_batch_send_size_bytes", "Bytes of a send.", bytesBounds);

  return {
    taken(batch) {
      inItems.observe(batch.items);
      inBytes.observe(batch.bytes);
    },
    refused: (batch) => refused[batch.signal].add(batch.items),
    sends: (next) => ({
      send(batch, options) {
        outItems.observe(batch.items);
        outBytes.observe(batch.body.byteLength);
        return next.send(batch, options);
      },
      close: () => next.close(),
    }),
    dropped: (count, reason) => dropped.with({ ...labels, reason }).add(count),
    deadLettered: (count, reason) => laidAside.with({ ...labels, reason }).add(count),
    repeated: (count) => repeated.with(labels).add(count),
    damaged: () => damaged.with(labels).add(1),
    recovered({ items: count, ms }) {
      found.with(labels).add(count);
      recovery.with(labels).set(ms / 1000);
    },
  };
}
