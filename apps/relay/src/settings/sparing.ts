// What spares a destination that is in trouble, or that takes only so much. Keys of ours; names as in other breakers.
import { check, duration, flag, integer, number, optional, or, section, type SectionOf } from "@otlpkit/config";
import type { Middleware } from "@otlpkit/core";
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
 * Leaves alone a destination that fails. On unless told otherwise where it can only help: where what it holds back is
 * kept, and for one endpoint. Without retries it would refuse what might have been delivered.
 */
export function breakerStage(
  config: CircuitBreakerConfig,
  { isKept, isBalanced, firstWaitMs, longestWaitMs }: BreakerSurroundings,
  { condition, id, log, metrics }: ExporterContext,
): Middleware[] {
  if (!(config.enabled ?? (isKept && !isBalanced))) return [];
  const state = breakerMetrics(metrics, { exporter: id });
  const openMs = config.open_for ?? firstWaitMs;
  function onChange({ error, from, openMs: forMs, to }: BreakerEvent): void {
    state(to);
    if (to === "half-open") return;
    const isOpen = to === "open";
    const because = error === undefined ? "" : `, lately so: ${error.message}`;
    condition.trouble("breaker", isOpen ? `its circuit breaker is open, for it keeps failing${because}` : undefined);
    if (!isOpen) log.info("the destination is back; its circuit breaker is closed");
    else if (from === "closed")
      log.warn("the destination keeps failing; its circuit breaker is open", { forMs, error });
  }
  return [
    breaker({
      windowMs: config.window,
      minSends: config.min_requests,
      failureRatio: config.failure_ratio,
      openMs,
      maxOpenMs: Math.max(openMs, config.max_open_for ?? longestWaitMs),
      probes: config.probes,
      onChange,
    }),
  ];
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
