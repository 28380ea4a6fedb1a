import type { Balancer, Registry, Sender, Transport } from "@otlpkit/core";
import type { RouteEvent, RouteOptions } from "@otlpkit/balancer";
import { type BalancerMetrics, balancerMetrics, placeOf } from "@otlpkit/telemetry";
import { destination } from "./accounted.ts";
import type { ExporterContext } from "./component.ts";
import { shownUrl } from "./shown-url.ts";

/**
 * One sender of a transport and the endpoints that a registry finds, and what happens on it in metrics, the log and at /status.
 */
export async function balanced(
  registry: Registry,
  transport: Transport,
  { balancer, options }: { readonly balancer: Balancer; readonly options: RouteOptions },
  context: ExporterContext,
): Promise<Sender> {
  const { route } = await import("@otlpkit/balancer");
  const { id, metrics } = context;
  const endpoints = (): readonly { readonly state: string }[] => sender.endpoints();
  const numbers = balancerMetrics(metrics, { exporter: id }, () => endpoints().map(({ state }) => state));
  const sender = route(registry, balancer, { ...options, onEvent: listener(context, numbers) })(transport);
  context.showEndpoints(() => sender.endpoints().map((facts) => ({ ...facts, url: shownUrl(facts.url) })));
  return sender;
}

function listener(
  { book, condition, id, log }: ExporterContext,
  numbers: BalancerMetrics,
): (event: RouteEvent) => void {
  const isOut = (endpoint: string, reason: string): void => {
    numbers.ejected(reason);
    condition.trouble(endpoint, `its endpoint ${endpoint} is taken out (${reason})`);
  };
  return (event) => {
    switch (event.kind) {
      case "picked":
        return numbers.attempted();
      case "failed":
        if (event.goesOn && event.mayHaveArrived)
          book.repeated(placeOf(destination(id), event.batch), event.batch.items);
        return numbers.failed(event.goesOn);
      case "endpoints":
        for (const endpoint of event.removed) {
          numbers.gone(endpoint);
          condition.trouble(endpoint, undefined);
        }
        return log.info("endpoints changed", { added: event.added, removed: event.removed, known: event.known });
      case "ejected":
        isOut(event.endpoint, event.reason);
        return log.warn("took out an endpoint that fails", {
          endpoint: event.endpoint,
          reason: event.reason,
          forMs: Math.round(event.forMs),
        });
      case "restored":
        condition.trouble(event.endpoint, undefined);
        return log.info("an endpoint is back", { endpoint: event.endpoint });
      case "breaker":
        numbers.breaker(event.endpoint, event.state);
        if (event.state === "open") isOut(event.endpoint, "circuit breaker");
        return log.info("a circuit breaker has changed", { endpoint: event.endpoint, state: event.state });
      case "down":
        isOut(event.endpoint, "health check");
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
