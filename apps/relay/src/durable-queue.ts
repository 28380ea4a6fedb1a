import { formatByteSize } from "@otlpkit/config";
import { type ExportError, type Middleware, pipe } from "@otlpkit/core";
import { type Amount, openQueue, type Queue, type QueueEvent } from "@otlpkit/queue";
import { bySignal, queueMetrics, type QueueMetrics, type QueueReading, retryMetrics } from "@otlpkit/telemetry";
import { destination } from "./accounted.ts";
import type { ExporterContext, Storage } from "./component.ts";
import { type Admission, queueAdmission } from "./queue-admission.ts";
import type { QueueConfig } from "./settings/queue.ts";
import type { RetryConfig } from "./settings/retry-on-failure.ts";

/** What the stage is made of. */
export interface DurableQueueOptions {
  readonly storage: Storage;
  readonly queue: QueueConfig;
  readonly retry: RetryConfig;
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
  const { storage, queue: config, retry } = options;
  const folder = storage.folder(context.id);
  const durability = config.durability ?? storage.durability;
  // What is told while it opens is heard once there is a queue to account for.
  const early: QueueEvent[] = [];
  let hear: ((event: QueueEvent) => void) | undefined;
  const queue = await openQueue({
    folder,
    maxBytes: config.sizer === "bytes" ? (config.queue_size ?? config.max_size) : config.max_size,
    whenFull: whenFull(config),
    durability,
    ...(storage.encryption === undefined ? {} : { encryption: storage.encryption }),
    ...(config.max_age === undefined ? {} : { maxAgeMs: config.max_age }),
    deadLetterBytes: config.dead_letters.max_size,
    onEvent: (event) => hear?.(event) ?? early.push(event),
  });
  const { recovered } = queue;
  const numbers = queueMetrics(context.metrics, { exporter: context.id }, () => readingOf(queue));
  numbers.recovered({ items: recovered.queued.items, ms: recovered.tookMs });
  account(queue, early, context);
  context.everySecond(() => context.condition.queue(readingOf(queue)));
  const admission = admissionTo(queue, config, context, numbers);
  const tell = listener(context, numbers);
  hear = (event) => {
    admission.hear(event);
    tell(event);
  };
  for (const event of early) tell(event);
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
  const stage = queue.stage({
    concurrency: config.num_consumers,
    first: config.first,
    initialDelayMs: retry.initial_interval,
    maxDelayMs: retry.max_interval,
    // The connection bounds each attempt, from when it is its turn.
    attemptTimeoutMs: Infinity,
  });
  return {
    stage: (next) => pipe(admission.stage, stage, context.trace.leave, context.trace.send, numbers.sends, next),
    notes: notes(folder, config, durability, storage),
  };
}

/** Who gets in: bounded by `queue_size` in requests or items where a file names it, else by bytes on disk; fairly. */
function admissionTo(
  queue: Queue,
  config: QueueConfig,
  { tenants }: ExporterContext,
  numbers: QueueMetrics,
): Admission {
  const { max_size, queue_size: size, sizer } = config;
  const counts = size !== undefined && sizer !== "bytes";
  const full = whenFull(config);
  const { weights } = tenants;
  return queueAdmission({
    capacity: size ?? max_size,
    sizer: counts ? sizer : "bytes",
    // Where the oldest goes there is always room.
    ...(weights === undefined || full === "drop-oldest" ? {} : { weights }),
    blocks: full === "block",
    held: heldBy(queue),
    facts: () => queue.facts(),
    onRefused: (batch) => numbers.refused(batch),
  });
}

function whenFull({ on_full, block_on_overflow }: QueueConfig): "refuse" | "drop-oldest" | "block" {
  if (on_full === undefined) return block_on_overflow === true ? "block" : "refuse";
  return on_full === "drop_oldest" ? "drop-oldest" : on_full;
}

/** Makes metrics, log lines and entries in the book of what the queue tells. */
function listener(
  { audit, book, id, log, metrics }: ExporterContext,
  numbers: QueueMetrics,
): (event: QueueEvent) => void {
  const labels = { exporter: id };
  const sent = bySignal(metrics, labels, "otelcol_exporter_sent", "Items that the destination has taken.");
  const rejected = bySignal(metrics, labels, "otlpkit_exporter_rejected", "Items refused in a partial success.");
  const failed = bySignal(metrics, labels, "otelcol_exporter_send_failed", "Items that were not delivered.");
  const retried = retryMetrics(metrics, labels);
  const stop = destination(id);
  const say = (error: ExportError): { code: string; error: ExportError } => ({ code: error.code, error });

  return (event) => {
    switch (event.kind) {
      case "stored":
        return numbers.taken(event);
      case "refused":
        return numbers.refused(event);
      case "delivered":
        sent[event.signal].add(event.items);
        rejected[event.signal].add(event.rejectedItems);
        book.settled({ ...stop, tenant: event.tenant }, event.items, "delivered");
        book.settled({ ...stop, tenant: event.tenant }, event.rejectedItems, "rejected", "partial success");
        if (event.repeated) {
          numbers.repeated(event.items);
          book.repeated({ ...stop, tenant: event.tenant }, event.items);
        }
        if (event.rejectedItems > 0 || event.message !== "") {
          const { signal, rejectedItems, message } = event;
          log.warn("the destination rejected items or warns", { signal, rejected: rejectedItems, reason: message });
        }
        return;
      case "failed":
        retried(event.error.code);
        return log.warn("not delivered yet; trying again", {
          attempt: event.attempt,
          delayMs: Math.round(event.delayMs),
          ...say(event.error),
        });
      case "dead-lettered":
      case "rejected":
        failed[event.signal].add(event.items);
        book.settled({ ...stop, tenant: event.tenant }, event.items, event.kind, event.error.code);
        if (event.kind === "dead-lettered") numbers.deadLettered(event.items, event.error.code);
        return log.error(
          event.kind === "rejected"
            ? "refused for good"
            : "refused for good; kept as a dead letter (otlp queue list --dead-letters)",
          { signal: event.signal, items: event.items, ...say(event.error) },
        );
      case "dropped":
        numbers.dropped(event.items, event.reason);
        book.settled({ ...stop, tenant: event.tenant }, event.items, "dropped", `queue/${event.reason}`);
        audit.record({
          action: "data.dropped",
          outcome: "failure",
          actor: "otlpkit",
          target: id,
          reason: event.reason,
          facts: { items: event.items, ...(event.tenant === undefined ? {} : { tenant: event.tenant }) },
        });
        return log.error("dropped data that had been acknowledged", {
          reason: event.reason,
          batches: event.batches,
          items: event.items,
        });
      case "dead-letters-dropped":
        return log.error("dropped the oldest dead letters for want of room", { items: event.items });
      case "damage":
        numbers.damaged();
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

/**
 * Opens the account: what was there at the start is carried over, what is held is asked of the queue, and what becomes of it
 * is heard from its events; so the three have to agree.
 */
function account(queue: Queue, early: readonly QueueEvent[], { book, id }: ExporterContext): void {
  const stop = destination(id);
  const held = (): [string | undefined, number][] => heldBy(queue).map(([tenant, { items }]) => [tenant, items]);
  for (const [tenant, items] of held()) book.recovered({ ...stop, tenant }, items);
  // What was given up while it was opened had been there as well.
  for (const event of early)
    if (event.kind === "dropped") book.recovered({ ...stop, tenant: event.tenant }, event.items);
  book.holds(stop, held);
}

/** What waits, by tenant. */
function heldBy(queue: Queue): [string | undefined, Amount][] {
  const all = queue.facts().consumers.flatMap(({ tenants }) => [...tenants]);
  return all.map(([tenant, { queued }]) => [tenant, queued]);
}

function readingOf(queue: Queue): QueueReading {
  const { bytes, deadLetters, drainBytesPerSecond, maxBytes, oldestAgeMs, queued } = queue.facts();
  return {
    size: bytes,
    capacity: maxBytes,
    items: queued.items,
    oldestAgeMs,
    diskBytes: bytes,
    drainBytesPerSecond,
    deadLetters: deadLetters.items,
  };
}

function notes(folder: string, config: QueueConfig, durability: string, { encryption }: Storage): string[] {
  const safe = durability === "fsynced" ? "on disk" : "with the operating system (a power cut loses the last second)";
  const how = `${formatByteSize(config.max_size)} at most${encryption === undefined ? "" : ", encrypted"}`;
  return [`senders are answered when their data are ${safe}: ${folder}, ${how}`];
}
