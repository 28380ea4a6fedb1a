import type { ByteBudget, Middleware } from "@otlpkit/core";
import { bySignal } from "./item-counters.ts";
import { measured } from "./measured.ts";
import type { Labels, Metrics } from "./metrics.ts";

/**
 * Counts what a receiver answered, under the Collector's names: `otelcol_receiver_accepted_spans` (taken),
 * `otelcol_receiver_refused_spans` (told to come back) and `otelcol_receiver_failed_spans` (refused for good); and why.
 * The Collector's labels are `receiver` and `transport`.
 */
export function receiverMetrics(metrics: Metrics, labels: Labels): Middleware {
  const accepted = bySignal(metrics, labels, "otelcol_receiver_accepted", "Items answered with success.");
  const refused = bySignal(metrics, labels, "otelcol_receiver_refused", "Items whose sender was told to come again.");
  const failed = bySignal(metrics, labels, "otelcol_receiver_failed", "Items refused for good.");
  const requests = metrics.counter("otelcol_receiver_requests", "Requests that reached a pipeline, by their outcome.");
  const reasons = metrics.counter("otlpkit_receiver_refused_items", "Items not taken, for now or for good, by reason.");
  const bytes = metrics.counter("otlpkit_receiver_bytes", "Bytes of requests after decompression.").with(labels);
  const outcomes = {
    success: requests.with({ ...labels, outcome: "success" }),
    refused: requests.with({ ...labels, outcome: "refused" }),
    failure: requests.with({ ...labels, outcome: "failure" }),
  };
  return measured(({ batch, error }) => {
    const [counter, outcome] =
      error === undefined
        ? [accepted, outcomes.success]
        : error.retryable
          ? [refused, outcomes.refused]
          : [failed, outcomes.failure];
    counter[batch.signal].add(batch.items);
    outcome.add(1);
    bytes.add(batch.body.byteLength);
    if (error !== undefined) reasons.with({ ...labels, reason: error.code }).add(batch.items);
  });
}

/** Counts requests that a receiver refused before any pipeline saw them; call the result with the error's code. */
export function refusedRequests(metrics: Metrics, labels: Labels): (code: string) => void {
  const refused = metrics.counter("otlpkit_receiver_refused_requests", "Requests that no pipeline ever saw.");
  return (code) => refused.with({ ...labels, code }).add(1);
}

/** Shows how full the budget is that receivers share. */
export function budgetMetrics(metrics: Metrics, budget: ByteBudget): void {
  const used = metrics.gauge("otlpkit_memory_budget_used_bytes", "Bytes of requests being read or awaiting an answer.");
  metrics
    .gauge("otlpkit_memory_budget_bytes", "Bound of the bytes of requests; beyond it they are refused.")
    .set(budget.maxBytes);
  metrics.beforeRead(() => used.set(budget.usedBytes));
}
