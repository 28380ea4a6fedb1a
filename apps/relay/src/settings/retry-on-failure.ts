import { check, duration, flag, number, or, section, type SectionOf } from "@otlpkit/config";
import type { Middleware } from "@otlpkit/core";
import { retry, retryBudget, type RetryOptions } from "@otlpkit/retry";

const keys = {
  enabled: or(flag, true),
  initial_interval: or(
    check(duration, (ms) => (ms > 0 ? undefined : "must be above 0")),
    5_000,
  ),
  randomization_factor: or(number({ min: 0, max: 1 }), 0.5),
  multiplier: or(number({ min: 1 }), 1.5),
  max_interval: or(
    check(duration, (ms) => (ms > 0 ? undefined : "must be above 0")),
    30_000,
  ),
  max_elapsed_time: or(duration, 300_000),
  /** Ours: how much repetition adds to the load of a destination. Who has no turn waits for one, so it is on. */
  budget: section({
    enabled: or(flag, true),
    ratio: or(number({ min: 0 }), 0.2),
    min_per_second: or(number({ min: 1 }), 10),
  }),
};

/** `retry_on_failure` with the Collector's keys and defaults. */
export const retryOnFailure = section(keys);
export type RetryConfig = SectionOf<typeof keys>;

/** The stage; switched off, it makes one attempt. */
export function retryStage(config: RetryConfig, onRetry: RetryOptions["onRetry"]): Middleware {
  const { enabled: bounded, ratio, min_per_second: minPerSecond } = config.budget;
  return retry({
    initialDelayMs: config.initial_interval,
    jitter: config.randomization_factor,
    multiplier: config.multiplier,
    maxDelayMs: config.max_interval,
    maxElapsedMs: config.max_elapsed_time,
    ...(bounded ? { budget: retryBudget({ ratio, minPerSecond }) } : {}),
    ...(config.enabled ? {} : { maxAttempts: 1 }),
    ...(onRetry === undefined ? {} : { onRetry }),
  });
}
