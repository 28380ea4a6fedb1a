import type { Batch } from "@otlpkit/core";
import { bySignal } from "./item-counters.ts";
import type { Labels, Metrics } from "./metrics.ts";
import { bytesBounds, itemsBounds } from "./processor-metrics.ts";

/** What is asked of a queue whenever metrics are read; what it does not know it leaves out. */
export interface QueueReading {
  /** How much is in it, in the unit of its capacity. */
  readonly size: number;
  readonly capacity: number;
  /** Items held. */
  readonly items?: number;
  /** How long the oldest has been in it; 0 when empty. */
  readonly oldestAgeMs?: number;
  /** Bytes that its files take. */
  readonly diskBytes?: number;
  /** How fast it is emptied at the moment, from which refusals compute their delay. */
  readonly drainBytesPerSecond?: number;
}

/** What a queue reports as it happens. */
export interface QueueMetrics {
  /** A batch went in. */
  taken(batch: Batch): void;
  /** A batch was refused because there is no room. */
  refused(batch: Batch): void;
  /** A batch, perhaps merged of several, goes to the destination. */
  sent(batch: Batch): void;
  /** A batch that had been taken was given up. */
  dropped(batch: Batch, reason: string): void;
  /** A batch that had been taken was laid aside. */
  deadLettered(batch: Batch, reason: string): void;
  /** What earlier runs had left was found: so many items, in so many ms; so many records could not be read. */
  recovered(found: { readonly items: number; readonly ms: number; readonly damagedRecords: number }): void;
}

/**
 * The metrics of a queue in front of an exporter, under the Collector's names where it has them. The Collector has a queue
 * for each signal and labels them `exporter` and `data_type`; give both if yours are like that.
 */
export function queueMetrics(metrics: Metrics, labels: Labels, read: () => QueueReading): QueueMetrics {
  const gauge = (name: string, help: string, unit?: string) => metrics.gauge(name, help, unit).with(labels);
  const size = gauge("otelcol_exporter_queue_size", "What is in the queue, in its unit.", "requests, items or bytes");
  const capacity = gauge(
    "otelcol_exporter_queue_capacity",
    "What fits into the queue, in its unit.",
    "requests, items or bytes",
  );
  const items = gauge("otlpkit_exporter_queued_items", "Items answered early, to be delivered.");
  const age = gauge("otlpkit_queue_oldest_age_seconds", "How long the oldest item has been in the queue.");
  const disk = gauge("otlpkit_queue_disk_bytes", "Bytes that the files of the queue take.");
  const drain = gauge("otlpkit_queue_drain_bytes_per_second", "How fast the queue is emptied.", "bytes per second");
  metrics.beforeRead(() => {
    const now = read();
    size.set(now.size);
    capacity.set(now.capacity);
    if (now.items !== undefined) items.set(now.items);
    if (now.oldestAgeMs !== undefined) age.set(now.oldestAgeMs / 1000);
    if (now.diskBytes !== undefined) disk.set(now.diskBytes);
    if (now.drainBytesPerSecond !== undefined) drain.set(now.drainBytesPerSecond);
  });

  const refused = bySignal(metrics, labels, "otelcol_exporter_enqueue_failed", "Items refused by a full queue.");
  const dropped = bySignal(metrics, labels, "otlpkit_exporter_dropped", "Items answered early and not delivered.");
  const laidAside = metrics.counter("otlpkit_exporter_dead_lettered_items", "Items laid aside in a file, by reason.");
  const histogram = (name: string, help: string, bounds: readonly number[], unit?: string) =>
    metrics.histogram(name, help, bounds, unit).with(labels);
  const sentItems = histogram("otelcol_exporter_queue_batch_send_size", "Items of a send.", itemsBounds, "items");
  const sentBytes = histogram("otelcol_exporter_queue_batch_send_size_bytes", "Bytes of a send.", bytesBounds);
  const inItems = histogram(
    "otelcol_exporter_enqueue_size",
    "Items of a batch put into the queue.",
    itemsBounds,
    "items",
  );
  const inBytes = histogram("otelcol_exporter_enqueue_size_bytes", "Bytes of a batch put into the queue.", bytesBounds);
  const recoveredItems = metrics.counter("otlpkit_queue_recovered_items", "Items found at the start.").with(labels);
  const recovery = gauge("otlpkit_queue_recovery_seconds", "How long it took at the start to find what was left.");
  const damaged = metrics.counter("otlpkit_queue_damaged_records", "Records that could not be read.").with(labels);

  return {
    taken(batch) {
      inItems.observe(batch.items);
      inBytes.observe(batch.body.byteLength);
    },
    refused: (batch) => refused[batch.signal].add(batch.items),
    sent(batch) {
      sentItems.observe(batch.items);
      sentBytes.observe(batch.body.byteLength);
    },
    dropped: (batch) => dropped[batch.signal].add(batch.items),
    deadLettered: (batch, reason) => laidAside.with({ ...labels, data_type: batch.signal, reason }).add(batch.items),
    recovered({ items: found, ms, damagedRecords }) {
      recoveredItems.add(found);
      recovery.set(ms / 1000);
      damaged.add(damagedRecords);
    },
  };
}
