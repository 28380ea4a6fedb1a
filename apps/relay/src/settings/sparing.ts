// What spares a destination that is in trouble, or that takes only so much. Keys of ours; names as in other breakers.
import { check, duration, flag, integer, number, optional, or, section, type SectionOf } from "@otlpkit/config";
import type { Middleware, Signal } from "@otlpkit/core";
import { adaptiveConcurrency, breaker, type BreakerEvent } from "@otlpkit/retry";
import { breakerMetrics, concurrencyMetrics } from "@otlpkit/telemetry";
import type { ExporterContext } from "../component.ts";

const somewhat = check(duration, (ms) => (ms > 0 ? undefined : "must be above 0"));

const breakerKeys = {
  /** Absent: on where somebody keeps what it holds back, see {@link breakerStage}. */
  enabled: optional(flag),
  window: or(somewhat, 10_000),
  min_requests: or(integer({ min: 1 }), 20),
  failure_ratio: or(number({ min: 0.01, max: 1 }), 0.5),
  /** Absent: the first and the longest wait of `retry_on_failure`, so that a breaker keeps nobody waiting for longer. */
  open_for: optional(somewhat),
  max_open_for: optional(somewhat),
  probes: or(integer({ min: 1 }), 1),
};
export type CircuitBreakerConfig = SectionOf<typeof breakerKeys>;

const adaptiveKeys = {
  enabled: or(flag, false),
  initial: optional(integer({ min: 1 })),
  min: or(integer({ min: 1 }), 1),
  max: or(integer({ min: 1 }), 200),
};
export type AdaptiveConcurrencyConfig = SectionOf<typeof adaptiveKeys>;

/** The keys of an exporter. */
export const sparingKeys = {
  circuit_breaker: section(breakerKeys),
  /** In place of `num_consumers`, which is a number that somebody has guessed. */
  adaptive_concurrency: check(section(adaptiveKeys), ({ initial = 4, min, max }) => {
    if (min > max) return "min must not be above max";
    return initial > max && max >= 4 ? "initial must not be above max" : undefined;
  }),
};

/** How an exporter tries again, as far as a breaker should know. */
export interface BreakerSurroundings {
  /** Whether what is held back is tried again, or stays in a queue on disk. */
  readonly isKept: boolean;
  /** Whether the destination is several endpoints, each of which has a breaker of its own. */
  readonly isBalanced: boolean;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/**
 * Leaves alone a destination that fails, for each signal by itself: behind one address there is often another program for
 * each, and the one that is down must not hold up the others. On unless told otherwise where it can only help: where what
 * it holds back is kept, and for one endpoint. Without retries it would refuse what might have been delivered.
 */
export function breakerStage(
  config: CircuitBreakerConfig,
  { isKept, isBalanced, firstWaitMs, longestWaitMs }: BreakerSurroundings,
  context: ExporterContext,
): Middleware[] {
  if (!(config.enabled ?? (isKept && !isBalanced))) return [];
  const openMs = config.open_for ?? firstWaitMs;
  const breakerOf = (signal: Signal): Middleware =>
    breaker({
      windowMs: config.window,
      minSends: config.min_requests,
      failureRatio: config.failure_ratio,
      openMs,
      maxOpenMs: Math.max(openMs, config.max_open_for ?? longestWaitMs),
      probes: config.probes,
      onChange: listener(signal, context),
    });
  return [
    (next) => {
      const ways = new Map(context.signals.map((signal) => [signal, breakerOf(signal)(next)]));
      return {
        send: (batch, options) => (ways.get(batch.signal) ?? next).send(batch, options),
        close: () => next.close(),
      };
    },
  ];
}

/** Says what a breaker does, in metrics, health and log. */
function listener(signal: Signal, { condition, id, log, metrics }: ExporterContext): (event: BreakerEvent) => void {
  const state = breakerMetrics(metrics, { exporter: id, data_type: signal });
  return ({ error, from, openMs: forMs, to }) => {
    state(to);
    if (to === "half-open") return;
    const isOpen = to === "open";
    const because = error === undefined ? "" : `, lately so: ${error.message}`;
    const reason = `its circuit breaker for ${signal} is open, since it keeps failing${because}`;
    condition.trouble(`breaker of ${signal}`, isOpen ? reason : undefined);
    if (!isOpen) log.info("the destination is back; its circuit breaker is closed", { signal });
    else if (from === "closed")
      log.warn("the destination keeps failing; its circuit breaker is open", { signal, forMs, error });
  };
}

/** Learns how much the destination takes at a time. Off unless switched on: `num_consumers` says it, in files that exist. */
export function adaptiveStage(
  { enabled, initial = 4, min, max }: AdaptiveConcurrencyConfig,
  { id, metrics, tenants: { weights } }: ExporterContext,
): Middleware[] {
  if (!enabled) return [];
  const first = Math.min(Math.max(initial, min), max);
  const onLimit = concurrencyMetrics(metrics, { exporter: id });
  onLimit(first);
  return [
    adaptiveConcurrency({
      initial: first,
      min,
      max,
      // The queue in front bounds what waits.
      maxWaitingBytes: Infinity,
      ...(weights === undefined ? {} : { weights }),
      onLimit,
    }),
  ];
}
