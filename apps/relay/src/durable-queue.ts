import { formatByteSize } from "@otlpkit/config";
import { ExportError, type Middleware, pipe } from "@otlpkit/core";
import { openQueue, type Queue, type QueueEvent } from "@otlpkit/queue";
import { bySignal } from "@otlpkit/telemetry";
import type { ExporterContext, Storage } from "./component.ts";
import type { QueueConfig } from "./settings/queue.ts";
import type { RetryConfig } from "./settings/retry-on-failure.ts";

/** What the stage is made of. */
export interface DurableQueueOptions {
  readonly storage: Storage;
  readonly queue: QueueConfig;
  readonly retry: RetryConfig;
  /** Bounds one attempt, in ms; 0 does not. */
  readonly timeoutMs: number;
}

/** A durable queue in front of a destination. */
export interface DurableQueue {
  readonly stage: Middleware;
  readonly notes: readonly string[];
}

/**
 * Opens the queue of an exporter in its storage. Senders are answered once their data are there; behind it, delivery is
 * tried until it succeeds or the destination refuses for good, whatever time that takes.
 */
export async function durableQueue(options: DurableQueueOptions, context: ExporterContext): Promise<DurableQueue> {
  const { storage, queue: config, retry, timeoutMs } = options;
  const folder = storage.folder(context.id);
  const durability = config.durability ?? storage.durability;
  const queue = await openQueue({
    folder,
    maxBytes: config.sizer === "bytes" ? (config.queue_size ?? config.max_size) : config.max_size,
    whenFull: whenFull(config),
    durability,
    ...(storage.encryption === undefined ? {} : { encryption: storage.encryption }),
    ...(config.max_age === undefined ? {} : { maxAgeMs: config.max_age }),
    deadLetterBytes: config.dead_letters.max_size,
    onEvent: listener(context),
  });
  const { recovered } = queue;
  if (recovered.queued.batches > 0 || recovered.damagedPlaces > 0) {
    context.log.info("found a queue from before", {
      batches: recovered.queued.batches,
      items: recovered.queued.items,
      mayRepeat: recovered.mayRepeat.items,
      damagedPlaces: recovered.damagedPlaces,
      lostItems: recovered.damaged.items,
      tookMs: Math.round(recovered.tookMs),
    });
  }
  watch(queue, context);
  const stage = queue.stage({
    concurrency: config.num_consumers,
    first: config.first,
    initialDelayMs: retry.initial_interval,
    maxDelayMs: retry.max_interval,
    ...(timeoutMs > 0 ? { attemptTimeoutMs: timeoutMs } : {}),
  });
  return {
    stage: (next) => pipe(countLimit(queue, config), stage(next)),
    notes: notes(folder, config, durability, storage),
  };
}

/** `queue_size` in requests or items, for files that name it; the queue itself counts bytes. */
function countLimit(queue: Queue, { queue_size: limit, sizer }: QueueConfig): Middleware {
  if (limit === undefined || sizer === "bytes") return (next) => next;
  return (next) => ({
    async send(batch, options) {
      const { queued, drainBytesPerSecond } = queue.facts();
      const held = sizer === "items" ? queued.items : queued.batches;
      if (held < limit) return next.send(batch, options);
      const waitMs = drainBytesPerSecond > 0 ? (1000 * batch.body.byteLength) / drainBytesPerSecond : 1000;
      throw new ExportError("overloaded", `the queue of this destination is full (${held} of ${limit} ${sizer})`, {
        retryAfterMs: Math.min(30_000, Math.max(100, Math.ceil(waitMs))),
      });
    },
    close: () => next.close(),
  });
}

function whenFull({ on_full, block_on_overflow }: QueueConfig): "refuse" | "drop-oldest" | "block" {
  if (on_full === undefined) return block_on_overflow === true ? "block" : "refuse";
  return on_full === "drop_oldest" ? "drop-oldest" : on_full;
}

/** Makes metrics and log lines of what the queue tells. */
function listener({ id, log, metrics }: ExporterContext): (event: QueueEvent) => void {
  const labels = { exporter: id };
  const sent = bySignal(metrics, labels, "otelcol_exporter_sent", "Items that the destination has taken.");
  const rejected = bySignal(metrics, labels, "otlpkit_exporter_rejected", "Items refused in a partial success.");
  const failed = bySignal(metrics, labels, "otelcol_exporter_send_failed", "Items that were not delivered.");
  const refused = bySignal(metrics, labels, "otelcol_exporter_enqueue_failed", "Items refused by a full queue.");
  const count = (name: string, help: string) => metrics.counter(`otlpkit_exporter_${name}`, help);
  const retries = count("retries", "Attempts that failed and were followed by another.").with(labels);
  const repeated = count("repeated_items", "Items delivered that had been under way before a crash.").with(labels);
  const deadLetters = count("dead_letter_items", "Items refused for good and kept as dead letters.").with(labels);
  const dropped = count("dropped_items", "Items acknowledged and not delivered, by reason.");
  const damage = count("damaged_places", "Places in the files of the queue that were damaged.").with(labels);
  const say = (error: ExportError): { code: string; error: ExportError } => ({ code: error.code, error });

  return (event) => {
    switch (event.kind) {
      case "stored":
        return;
      case "refused":
        return refused[event.signal].add(event.items);
      case "delivered":
        sent[event.signal].add(event.items);
        rejected[event.signal].add(event.rejectedItems);
        if (event.repeated) repeated.add(event.items);
        if (event.rejectedItems > 0 || event.message !== "") {
          const { signal, rejectedItems, message } = event;
          log.warn("the destination rejected items or warns", { signal, rejected: rejectedItems, reason: message });
        }
        return;
      case "failed":
        retries.add(1);
        return log.warn("not delivered yet; trying again", {
          attempt: event.attempt,
          delayMs: Math.round(event.delayMs),
          ...say(event.error),
        });
      case "dead-lettered":
      case "rejected":
        failed[event.signal].add(event.items);
        if (event.kind === "dead-lettered") deadLetters.add(event.items);
        return log.error(
          event.kind === "rejected"
            ? "refused for good"
            : "refused for good; kept as a dead letter (otlp queue list --dead-letters)",
          { signal: event.signal, items: event.items, ...say(event.error) },
        );
      case "dropped":
        dropped.with({ ...labels, reason: event.reason }).add(event.items);
        return log.error("dropped data that had been acknowledged", {
          reason: event.reason,
          batches: event.batches,
          items: event.items,
        });
      case "dead-letters-dropped":
        return log.error("dropped the oldest dead letters for want of room", { items: event.items });
      case "damage":
        damage.add(1);
        return log.error("found damage in the queue, and set it aside", {
          segment: event.segment,
          offset: event.offset,
          bytes: event.bytes,
          file: event.file,
        });
      case "locked-out":
        return log.error("cannot read a part of the queue", { segment: event.segment, ...say(event.error) });
      case "disk-failed":
        return log.error("the disk of the queue fails; senders are refused until it works again", {
          attempted: event.attempted,
          error: event.error,
        });
      default:
        return log.info("the disk of the queue works again");
    }
  };
}

/** Gauges that are read when somebody asks. */
function watch(queue: Queue, { id, metrics }: ExporterContext): void {
  const labels = { exporter: id };
  const gauge = (name: string, help: string) => metrics.gauge(name, help).with(labels);
  const size = gauge("otelcol_exporter_queue_size", "What is in the queue, in its unit.");
  const capacity = gauge("otelcol_exporter_queue_capacity", "What fits into the queue, in its unit.");
  const items = gauge("otlpkit_exporter_queued_items", "Items answered early, to be delivered.");
  const age = gauge("otlpkit_exporter_queue_oldest_age_seconds", "Age of the oldest batch that is not delivered.");
  const rate = gauge("otlpkit_exporter_queue_drain_bytes_per_second", "Bytes a second that are delivered.");
  const kept = gauge("otlpkit_exporter_dead_letters_kept_items", "Items kept as dead letters now.");
  metrics.beforeRead(() => {
    const facts = queue.facts();
    size.set(facts.bytes);
    capacity.set(facts.maxBytes);
    items.set(facts.queued.items);
    age.set(facts.oldestAgeMs / 1000);
    rate.set(facts.drainBytesPerSecond);
    kept.set(facts.deadLetters.items);
  });
}

function notes(folder: string, config: QueueConfig, durability: string, { encryption }: Storage): string[] {
  const safe = durability === "fsynced" ? "on disk" : "with the operating system (a power cut loses the last second)";
  const how = `${formatByteSize(config.max_size)} at most${encryption === undefined ? "" : ", encrypted"}`;
  return [`senders are answered when their data are ${safe}: ${folder}, ${how}`];
}
