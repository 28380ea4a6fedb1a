import { ExportError, type Middleware, pipe, type Sender, type Signal } from "@otlpkit/core";
import { bookRepeats, retryMetrics } from "@otlpkit/telemetry";
import { accounted, destination } from "../accounted.ts";
import { attemptTimeout } from "../attempt-timeout.ts";
import type { Destination, ExporterContext } from "../component.ts";
import { durableQueue } from "../durable-queue.ts";
import { type QueueConfig, queueNotes, queueStage } from "../settings/queue.ts";
import { type RetryConfig, retryStage } from "../settings/retry-on-failure.ts";
import {
  type AdaptiveConcurrencyConfig,
  adaptiveStage,
  breakerStage,
  type CircuitBreakerConfig,
} from "../settings/sparing.ts";

/** What both OTLP exporters are made of, apart from the connection. */
export interface OtlpStack {
  readonly queue: QueueConfig;
  readonly retry: RetryConfig;
  readonly circuitBreaker: CircuitBreakerConfig;
  readonly adaptiveConcurrency: AdaptiveConcurrencyConfig;
  /** Whether the connection is several endpoints with a balancer. */
  readonly isBalanced: boolean;
  /** For one attempt; 0: no bound. */
  readonly timeoutMs: number;
  /** Encoding and compression: done once, before any attempt. */
  readonly encode: readonly Middleware[];
  readonly connection: Sender;
  readonly label: string;
  readonly target: string;
}

/** Queue, measure, encode, retry, spare, connection: the way of a batch to one destination. */
export async function otlpDestination(stack: OtlpStack, context: ExporterContext): Promise<Destination> {
  const { adaptiveConcurrency: adaptive, encode, label, retry, target, timeoutMs } = stack;
  // Where it is learned how many the destination takes, the queue lets through as many as that may be.
  const queue = adaptive.enabled ? { ...stack.queue, num_consumers: adaptive.max } : stack.queue;
  const surroundings = {
    isKept: retry.enabled || (queue.enabled && queue.storage !== undefined),
    isBalanced: stack.isBalanced,
    firstWaitMs: retry.initial_interval,
    longestWaitMs: retry.max_interval,
  };
  const connection = pipe(
    ...breakerStage(stack.circuitBreaker, surroundings, context),
    ...adaptiveStage(adaptive, context),
    attemptTimeout(timeoutMs),
    context.audit.stage(context.id, "destination"),
    context.condition.attempts(stack.connection),
  );
  if (queue.enabled && queue.storage !== undefined) {
    const storage = context.offer(queue.storage);
    // It tries again by itself, with the waits of `retry`, and counts what becomes of each batch.
    const { stage, notes } = await durableQueue({ storage, queue, retry }, context);
    return { sender: pipe(context.trace.enter, stage, ...encode, connection), label, target, notes };
  }
  const sender = pipe(
    context.trace.enter,
    ...queueStage(queue, context),
    accounted(context),
    reported(context),
    ...encode,
    retries(retry, context),
    connection,
  );
  return { sender, label, target, notes: queueNotes(queue) };
}

function retries(retry: RetryConfig, { book, id, log, metrics }: ExporterContext): Middleware {
  const failed = retryMetrics(metrics, { exporter: id });
  const repeats = bookRepeats(book, destination(id));
  return retryStage(retry, ({ attempt, batch, delayMs, error }) => {
    failed(error.code);
    repeats(batch, error);
    log.warn("not delivered yet; trying again", { signal: batch.signal, attempt, delayMs: Math.round(delayMs), error });
  });
}

/** Puts into the log what nobody is told otherwise: partial successes, warnings of the far side, final failures. */
function reported({ log }: ExporterContext): Middleware {
  return (next) => ({
    async send(batch, options) {
      try {
        const ack = await next.send(batch, options);
        if (ack.rejectedItems > 0) {
          log.warn("the destination rejected items", {
            signal: batch.signal,
            rejected: ack.rejectedItems,
            of: batch.items,
            reason: ack.message,
          });
        } else if (ack.message !== "") {
          log.warn("the destination warns", { signal: batch.signal, warning: ack.message });
        }
        return ack;
      } catch (error) {
        if (ExportError.is(error) && error.code !== "cancelled") {
          log.error("not delivered", { signal: batch.signal, items: batch.items, code: error.code, error });
        }
        throw error;
      }
    },
    close: () => next.close(),
  });
}

/** One sender a signal behind one face. */
export function bySignalSender(senders: ReadonlyMap<Signal, Sender>): Sender {
  return {
    async send(batch, options) {
      const sender = senders.get(batch.signal);
      if (sender === undefined) throw new ExportError("unsupported", `no endpoint is configured for ${batch.signal}`);
      return sender.send(batch, options);
    },
    async close() {
      await Promise.all([...new Set(senders.values())].map((sender) => sender.close()));
    },
  };
}
