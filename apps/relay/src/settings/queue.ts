import { choice, flag, integer, or, section, type SectionOf, unsupported } from "@otlpkit/config";
import type { Middleware } from "@otlpkit/core";
import { bySignal } from "@otlpkit/telemetry";
import type { ExporterContext } from "../component.ts";
import { sendingQueue } from "../sending-queue.ts";

const keys = {
  enabled: or(flag, true),
  num_consumers: or(integer({ min: 1 }), 10),
  queue_size: or(integer({ min: 1 }), 1000),
  sizer: or(choice("requests", "items", "bytes"), "requests"),
  block_on_overflow: or(flag, false),
  wait_for_result: or(flag, true),
  storage: unsupported("there is no durable queue yet; with wait_for_result: true nothing is lost for want of one"),
  batch: unsupported("put the batch processor into the pipeline instead"),
};

/** `sending_queue` with the Collector's keys; unlike there, `wait_for_result` is true unless switched off. */
export const sendingQueueConfig = section(keys);
export type QueueConfig = SectionOf<typeof keys>;

/** What someone who runs it should know. */
export function queueNotes(config: QueueConfig): string[] {
  if (!config.enabled || config.wait_for_result) return [];
  return ["senders are answered before delivery (wait_for_result: false): a crash loses what is queued"];
}

/** The stage, with the Collector's metrics of a queue. */
export function queueStage(config: QueueConfig, context: ExporterContext): Middleware[] {
  if (!config.enabled) return [];
  const { abandoned, budget, id, log, metrics } = context;
  const labels = { exporter: id };
  const size = metrics.gauge("otelcol_exporter_queue_size", "What is in the queue, in its unit.").with(labels);
  metrics
    .gauge("otelcol_exporter_queue_capacity", "What fits into the queue, in its unit.")
    .with(labels)
    .set(config.queue_size);
  const owed = metrics.gauge("otlpkit_exporter_queued_items", "Items answered early, to be delivered.").with(labels);
  const dropped = bySignal(metrics, labels, "otlpkit_exporter_dropped", "Items answered early and not delivered.");
  const refused = bySignal(metrics, labels, "otelcol_exporter_enqueue_failed", "Items refused by a full queue.");
  return [
    sendingQueue({
      consumers: config.num_consumers,
      capacity: config.queue_size,
      sizer: config.sizer,
      blockWhenFull: config.block_on_overflow,
      waitForResult: config.wait_for_result,
      budget,
      abandoned,
      onSize: (now) => size.set(now),
      onOwed: (more) => owed.add(more),
      onFull: (batch) => refused[batch.signal].add(batch.items),
      onDropped(batch, error) {
        dropped[batch.signal].add(batch.items);
        log.error("dropped data that had been acknowledged", { signal: batch.signal, items: batch.items, error });
      },
    }),
  ];
}
