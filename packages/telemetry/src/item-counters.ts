import { type Signal, signalNames } from "@otlpkit/core";
import type { CounterSeries, Labels, Metrics } from "./metrics.ts";

/** What the Collector's metrics call the items of a signal. */
export const itemNames: Readonly<Record<Signal, string>> = {
  traces: "spans",
  metrics: "metric_points",
  logs: "log_records",
  profiles: "profile_samples",
};

/** One counter a signal, `PREFIX_spans` and so on, all there from the start so that a rate can see the first item. */
export function bySignal(
  metrics: Metrics,
  labels: Labels,
  prefix: string,
  help: string,
): Readonly<Record<Signal, CounterSeries>> {
  const counters = signalNames.map((signal) => [
    signal,
    metrics.counter(`${prefix}_${itemNames[signal]}`, help).with(labels),
  ]);
  return Object.fromEntries(counters) as Record<Signal, CounterSeries>;
}
