import type { Metrics } from "./metrics.ts";

/** Counts what nobody caught: call the result with "exception" or "rejection". */
export function unhandledErrors(metrics: Metrics): (kind: "exception" | "rejection") => void {
  const errors = metrics.counter("otlpkit_unhandled_errors", "Errors that nobody caught, and rejections nobody saw.");
  return (kind) => errors.with({ kind }).add(1);
}

/** Counts spans of the program itself that could not be sent. */
export function ownSpansDropped(metrics: Metrics): (spans: number) => void {
  const dropped = metrics.counter(
    "otlpkit_own_spans_dropped",
    "Spans of the relay itself that nobody will see.",
    "spans",
  );
  return (spans) => dropped.add(spans);
}

/** Counts requests that were refused because of whose they are; the code is the error's. Bound the tenants before. */
export function tenantRefusals(metrics: Metrics): (tenant: string, code: string) => void {
  const refused = metrics.counter("otlpkit_tenant_refused_requests", "Requests refused, by tenant and reason.");
  return (tenant, code) => refused.with({ tenant, code }).add(1);
}
