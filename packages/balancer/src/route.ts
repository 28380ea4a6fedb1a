import {
  type Ack,
  type Balancer,
  type Batch,
  ExportError,
  type Registry,
  type Sender,
  type SendOptions,
  signals,
  type Transport,
} from "@otlpkit/core";
import { delivery } from "./delivery.ts";
import { endpointGroup } from "./endpoint-group.ts";
import { listGate } from "./list-gate.ts";
import { joined, type Outcome } from "./outcome.ts";
import type { EndpointFacts } from "./route-event.ts";
import { type RouteOptions, type RouteSettings, settle } from "./route-options.ts";
import { watchEndpoints } from "./watch-endpoints.ts";

/** The sender that a route makes. */
export interface RoutedSender extends Sender {
  /** The endpoints that are known now, sorted by id. */
  endpoints(): readonly EndpointFacts[];
}

/**
 * Brings batches to the endpoints that a registry names, to whom the balancer chooses: the stairs from the upper floor,
 * which knows no endpoint, to the lower, which knows one. It fits core's `Route`.
 *
 * - What fails for a time is tried at another endpoint, within the deadline, `maxAttempts` and `maxRepeats`.
 * - Who keeps failing is left out (outlier detection, circuit breaker, health checks), who is new starts slowly.
 * - Where the balancer keeps items together (`consistentHash`), a batch is cut by endpoint and the answers are joined.
 *   When a part cannot be delivered, the send fails as retryable, and what was delivered is remembered for as long as the
 *   same batch object is kept: sent again, only the rest goes. Such a route needs batches that are not compressed yet.
 * - Removed endpoints finish what they have; an empty list is "unavailable", a registry that fails changes nothing.
 *
 * `retry` belongs in front; whatever is about one endpoint (credentials) or may only come after the cut (compression)
 * belongs between the route and the transport:
 *
 * ```ts no-run
 * const exporter = pipe(retry(), route(dns("otel.example:4317"), peakEwma())(grpcTransport()));
 * ```
 *
 * @throws RangeError when an option makes no sense.
 */
export function route(
  registry: Registry,
  balancer: Balancer,
  options: RouteOptions = {},
): (transport: Transport) => RoutedSender {
  const settings = settle(options);
  return (transport) => routed(registry, balancer, transport, settings);
}

function routed(registry: Registry, balancer: Balancer, transport: Transport, settings: RouteSettings): RoutedSender {
  const { now, setTimer, random, onEvent, firstListMs } = settings;
  const group = endpointGroup(transport, settings);
  const gate = listGate(now, setTimer);
  const deliver = delivery(group, balancer, registry.name, settings);
  const unwatch = new AbortController();
  const underWay = new Set<Promise<Ack>>();
  /** Batches that were delivered in part. Keyed by the very object that is sent again. */
  const parts = new WeakMap<Batch, Outcome>();
  let closing: Promise<void> | undefined;

  const watch = watchEndpoints(registry, unwatch.signal, {
    setTimer,
    random,
    onFailure: (error) => onEvent({ kind: "registry-failed", error }),
    onList(endpoints) {
      group.update(endpoints);
      gate.open();
    },
  });

  async function admit(batch: Batch, options: SendOptions): Promise<void> {
    const { deadline = Infinity, signal } = options;
    const attempted = `cannot deliver ${batch.items} ${signals[batch.signal].items}`;
    const closed = (): ExportError => new ExportError("closed", `${attempted}: the route is closed`);
    const cancelled = (): ExportError =>
      new ExportError("cancelled", `${attempted}: given up by the caller`, { cause: signal?.reason });
    if (closing) throw closed();
    if (signal?.aborted === true) throw cancelled();
    if (now() >= deadline) throw new ExportError("timeout", `${attempted}: the deadline had passed before`);
    if (gate.isOpen) return;
    const end = await gate.wait(options, firstListMs);
    if (end === "closed") throw closed();
    if (end === "cancelled") throw cancelled();
    if (end === "late") {
      const why = `${registry.name} has not said yet which endpoints there are; can it be reached?`;
      throw new ExportError(now() >= deadline ? "timeout" : "unavailable", `${attempted}: ${why}`);
    }
  }

  async function send(batch: Batch, options: SendOptions): Promise<Ack> {
    await admit(batch, options);
    const before = parts.get(batch);
    parts.delete(batch);
    const rest = before?.failed?.rest ?? batch;
    const outcome = await deliver(rest, options);
    const { ack, failed } = before === undefined ? outcome : joined([{ ack: before.ack }, outcome]);
    if (failed === undefined) return ack;
    if (failed.rest.items === batch.items) throw failed.error;
    parts.set(batch, { ack, failed });
    throw inPart(batch, failed.rest, failed.error);
  }

  async function close(): Promise<void> {
    unwatch.abort(new Error("the route is closed"));
    gate.close();
    await Promise.allSettled(underWay);
    await Promise.all([group.close(), watch]);
  }

  return {
    send(batch, options) {
      const sent = send(batch, options);
      underWay.add(sent);
      const done = (): void => void underWay.delete(sent);
      sent.then(done, done);
      return sent;
    },
    close: () => (closing ??= close()),
    endpoints: () => group.facts(),
  };
}

function inPart({ items, signal }: Batch, rest: Batch, error: ExportError): ExportError {
  const { code, retryable, retryAfterMs, grpcStatus } = error;
  const message = `${rest.items} of ${items} ${signals[signal].items} were not delivered: ${error.message}`;
  return new ExportError(code, message, { retryable, retryAfterMs, grpcStatus, cause: error });
}
