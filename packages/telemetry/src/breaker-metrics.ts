import type { Labels, Metrics } from "./metrics.ts";

/** What a circuit breaker does. */
export type BreakerState = "closed" | "half-open" | "open";

const numbers: Readonly<Record<BreakerState, number>> = { closed: 0, "half-open": 1, open: 2 };

/** The metrics of one circuit breaker, which is closed to begin with; what is returned is to be told each new state. */
export function breakerMetrics(metrics: Metrics, labels: Labels): (state: BreakerState) => void {
  const state = metrics.gauge("otlpkit_breaker_state", "0 closed, 1 half open, 2 open.", "state").with(labels);
  const changes = metrics.counter("otlpkit_breaker_changes", "Changes of a breaker's state, by the new one.");
  state.set(numbers.closed);
  return (to) => {
    state.set(numbers[to]);
    changes.with({ ...labels, state: to }).add(1);
  };
}

/** How many sends a destination gets at a time, where that is learned; what is returned is to be told each new limit. */
export function concurrencyMetrics(metrics: Metrics, labels: Labels): (limit: number) => void {
  const limit = metrics.gauge(
    "otlpkit_exporter_concurrency_limit",
    "Sends that may be under way at a time, as learned.",
    "sends",
  );
  return (sends) => limit.with(labels).set(sends);
}
