import {
  bytes,
  check,
  choice,
  duration,
  flag,
  integer,
  optional,
  or,
  section,
  type SectionOf,
  unsupported,
} from "@otlpkit/config";
import type { Middleware } from "@otlpkit/core";
import { placeOf, queueMetrics, type QueueReading } from "@otlpkit/telemetry";
import { destination } from "../accounted.ts";
import type { ExporterContext } from "../component.ts";
import { reference } from "../references.ts";
import { sendingQueue } from "../sending-queue.ts";

const keys = {
  enabled: or(flag, true),
  num_consumers: or(integer({ min: 1 }), 10),
  queue_size: optional(integer({ min: 1 })),
  sizer: or(choice("requests", "items", "bytes"), "requests"),
  block_on_overflow: optional(flag),
  wait_for_result: optional(flag),
  batch: unsupported("put the batch processor into the pipeline instead"),
  /** An extension that offers storage: what was acknowledged is on disk. */
  storage: optional(reference("storage")),
  /** Ours, with storage: bytes on disk at most. */
  max_size: or(
    check(bytes, (size) => (size >= 1_048_576 ? undefined : "must be at least 1MiB")),
    2 ** 30,
  ),
  /** Ours, with storage: what happens when there is no more room. */
  on_full: optional(choice("refuse", "drop_oldest", "block")),
  /** Ours, with storage: a sender is answered once the disk has it, or once the operating system has. */
  durability: optional(choice("fsynced", "buffered")),
  /** Ours, with storage: older data are dropped, and counted. Nothing is without it. */
  max_age: optional(duration),
  /** Ours, with storage: what is delivered first after an outage. */
  first: or(choice("oldest", "newest"), "oldest"),
  /** Ours, with storage: room for what a destination refuses for good. */
  dead_letters: section({ max_size: or(bytes, 64 * 2 ** 20) }),
};

const written = section(keys);

/** `sending_queue` with the Collector's keys; unlike there, `wait_for_result` is true unless switched off, without storage. */
export const sendingQueueConfig = check(written, (queue) => {
  if (queue.storage !== undefined && queue.wait_for_result === true) {
    return "wait_for_result: true and storage exclude each other: with storage, senders are answered once their data are safe";
  }
  const ours = (["on_full", "durability", "max_age"] as const).find((key) => queue[key] !== undefined);
  if (queue.storage === undefined && ours !== undefined) return `${ours} needs storage: name a file_storage extension`;
  if (queue.on_full !== undefined && queue.block_on_overflow !== undefined) {
    return "on_full and block_on_overflow say the same; keep one";
  }
  if (queue.on_full === "drop_oldest" && queue.queue_size !== undefined && queue.sizer !== "bytes") {
    return "on_full: drop_oldest goes by bytes: give max_size in place of queue_size";
  }
  return undefined;
});
export type QueueConfig = SectionOf<typeof keys>;

/** What someone who runs it should know. */
export function queueNotes(config: QueueConfig): string[] {
  if (!config.enabled || config.wait_for_result !== false) return [];
  return ["senders are answered before delivery (wait_for_result: false): a crash loses what is queued"];
}

/** The stage, with the Collector's metrics of a queue. */
export function queueStage(config: QueueConfig, context: ExporterContext): Middleware[] {
  if (!config.enabled) return [];
  const { abandoned, book, budget, condition, id, log, metrics, tenants } = context;
  const capacity = config.queue_size ?? 1000;
  let size = 0;
  let items = 0;
  const reading = (): QueueReading => ({ size, capacity, items });
  const numbers = queueMetrics(metrics, { exporter: id }, reading);
  const stop = destination(id);
  return [
    sendingQueue({
      consumers: config.num_consumers,
      capacity,
      sizer: config.sizer,
      blockWhenFull: config.block_on_overflow ?? false,
      waitForResult: config.wait_for_result ?? true,
      ...(tenants.weights === undefined ? {} : { weights: tenants.weights }),
      budget,
      abandoned,
      onSize(now) {
        size = now;
        condition.queue(reading());
      },
      onOwed(more, batch) {
        items += more;
        context.owe(more);
        book.queued(placeOf(stop, batch), more);
        if (more > 0) numbers.taken({ items: batch.items, bytes: batch.body.byteLength });
      },
      onFull: (batch) => numbers.refused(batch),
      onDropped(batch, error) {
        numbers.dropped(batch.items, error.code);
        book.settled(placeOf(stop, batch), batch.items, "dropped", `queue/${error.code}`);
        log.error("dropped data that had been acknowledged", { signal: batch.signal, items: batch.items, error });
      },
    }),
    numbers.sends,
  ];
}
