import { breakerMetrics, type BreakerState } from "./breaker-metrics.ts";
import type { Labels, Metrics } from "./metrics.ts";

/** What a group of endpoints reports as it happens. */
export interface BalancerMetrics {
  /** An endpoint was chosen for an attempt. */
  attempted(): void;
  /** The attempt failed, and another endpoint is tried or not. */
  failed(goesOn: boolean): void;
  /** An endpoint was taken out. */
  ejected(reason: string): void;
  /** The state of an endpoint's breaker is another. */
  breaker(endpoint: string, state: BreakerState): void;
  /** An endpoint is no more, nor are its series. */
  gone(endpoint: string): void;
}

/** The metrics of a destination that is several endpoints; `states` gives the state of each whenever metrics are read. */
export function balancerMetrics(metrics: Metrics, labels: Labels, states: () => Iterable<string>): BalancerMetrics {
  const endpoints = metrics.gauge("otlpkit_balancer_endpoints", "Endpoints that are known, by state.");
  const attempts = metrics.counter("otlpkit_balancer_attempts", "Attempts at endpoints.").with(labels);
  const failures = metrics.counter(
    "otlpkit_balancer_failed_attempts",
    "Attempts that failed, by whether another endpoint was tried.",
    "attempts",
  );
  const ejections = metrics.counter("otlpkit_balancer_ejections", "Times that an endpoint was taken out, by reason.");
  const seen = new Set<string>();
  metrics.beforeRead(() => {
    const counts = new Map<string, number>([...seen].map((state) => [state, 0]));
    for (const state of states()) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const [state, count] of counts) {
      seen.add(state);
      endpoints.with({ ...labels, state }).set(count);
    }
  });
  return {
    attempted: () => attempts.add(1),
    failed: (goesOn) => failures.with({ ...labels, goes_on: String(goesOn) }).add(1),
    ejected: (reason) => ejections.with({ ...labels, reason }).add(1),
    breaker: (endpoint, state) => breakerMetrics(metrics, { ...labels, endpoint })(state),
    gone: (endpoint) => metrics.forget({ ...labels, endpoint }),
  };
}
