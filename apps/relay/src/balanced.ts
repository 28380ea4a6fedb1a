import type { Balancer, Registry, Sender, Transport } from "@otlpkit/core";
import type { RouteEvent, RouteOptions } from "@otlpkit/balancer";
import type { ComponentContext } from "./component.ts";

/**
 * One sender of a transport and the endpoints that a registry finds, and what happens on it in metrics and the log.
 */
export async function balanced(
  registry: Registry,
  transport: Transport,
  { balancer, options }: { readonly balancer: Balancer; readonly options: RouteOptions },
  context: ComponentContext,
): Promise<Sender> {
  const { route } = await import("@otlpkit/balancer");
  const sender = route(registry, balancer, { ...options, onEvent: listener(context) })(transport);
  const { id, metrics } = context;
  const gauge = (name: string, help: string) => metrics.gauge(`otlpkit_balancer_${name}`, help);
  const endpoints = gauge("endpoints", "Endpoints that are known, by state.");
  const states = new Set<string>();
  metrics.beforeRead(() => {
    const counts = new Map<string, number>([...states].map((state) => [state, 0]));
    for (const { state } of sender.endpoints()) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const [state, count] of counts) {
      states.add(state);
      endpoints.with({ exporter: id, state }).set(count);
    }
  });
  return sender;
}

function listener({ id, log, metrics }: ComponentContext): (event: RouteEvent) => void {
  const labels = { exporter: id };
  const count = (name: string, help: string) => metrics.counter(`otlpkit_balancer_${name}`, help);
  const attempts = count("attempts", "Attempts at endpoints.").with(labels);
  const failures = count("failed_attempts", "Attempts that failed, by whether another endpoint was tried.");
  const ejections = count("ejections", "Times that an endpoint was taken out, by reason.");
  return (event) => {
    switch (event.kind) {
      case "picked":
        return attempts.add(1);
      case "failed":
        return failures.with({ ...labels, goes_on: String(event.goesOn) }).add(1);
      case "endpoints":
        return log.info("endpoints changed", { added: event.added, removed: event.removed, known: event.known });
      case "ejected":
        ejections.with({ ...labels, reason: event.reason }).add(1);
        return log.warn("took out an endpoint that fails", {
          endpoint: event.endpoint,
          reason: event.reason,
          forMs: Math.round(event.forMs),
        });
      case "restored":
        return log.info("an endpoint is back", { endpoint: event.endpoint });
      case "breaker":
        if (event.state === "open") ejections.with({ ...labels, reason: "circuit breaker" }).add(1);
        return log.info("a circuit breaker has changed", { endpoint: event.endpoint, state: event.state });
      case "down":
        ejections.with({ ...labels, reason: "health check" }).add(1);
        return log.warn("an endpoint does not pass its health check", { endpoint: event.endpoint, error: event.error });
      case "held":
        return log.debug("an endpoint asks for a pause", { endpoint: event.endpoint, forMs: Math.round(event.forMs) });
      case "panic":
        return event.isPanic
          ? log.warn("too few endpoints are fit, so all are used", { fit: event.fit, known: event.known })
          : log.info("enough endpoints are fit again", { fit: event.fit, known: event.known });
      default:
        return log.error("the registry failed; the last list stands", { error: event.error });
    }
  };
}
