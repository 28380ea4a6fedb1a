import { ExportError, type Middleware, pipe, type Sender, type Transport } from "@otlpkit/core";
import { balanced } from "../balanced.ts";
import type { ExporterContext } from "../component.ts";
import { type BalancerConfig, balancerOf, readsBatches } from "../settings/balancer.ts";
import { type DiscoveryConfig, registryOf } from "../settings/discovery.ts";
import { shownUrl } from "../shown-url.ts";

/** Where an exporter sends: to one endpoint, or to those that are found. */
export interface Destinations {
  readonly url: string | undefined;
  readonly discovery: DiscoveryConfig | undefined;
  readonly balancer: BalancerConfig;
  /** How endpoints are reached that say nothing of it. */
  readonly scheme: "http" | "https";
  readonly port: number;
  /** Time for one attempt at one endpoint, in ms; 0: no bound. */
  readonly timeoutMs: number;
}

/** The lower end of an exporter's stack. */
export interface Way {
  /** What is done once, before any attempt. */
  readonly encode: readonly Middleware[];
  readonly connection: Sender;
  /** Time for one attempt of whoever tries again, which may be several at endpoints. */
  readonly timeoutMs: number;
  /** Where data go, for people. */
  readonly target: string;
}

/**
 * Connects to the endpoint, or to those that are found, with the balancer to choose among them. What has to be read to
 * choose is encoded afterwards, for each endpoint by itself.
 */
export async function wayTo(
  transport: Transport,
  { url, discovery, balancer, scheme, port, timeoutMs }: Destinations,
  encode: readonly Middleware[],
  context: ExporterContext,
): Promise<Way> {
  if (discovery === undefined) {
    if (url === undefined) throw new ExportError("rejected", "needs endpoint or discovery: where to send");
    return { encode, connection: transport.connect({ url }), timeoutMs, target: shownUrl(url) };
  }
  const registry = await registryOf(discovery, { scheme, port }, context);
  const late = readsBatches(balancer);
  const chosen = await balancerOf(balancer, timeoutMs);
  const connection = await balanced(registry, late ? encoding(transport, encode) : transport, chosen, context);
  return {
    encode: late ? [] : encode,
    connection,
    timeoutMs: timeoutMs * (chosen.options.maxAttempts ?? 3),
    target: `${targetOf(discovery)}, ${balancer.type}`,
  };
}

/** A transport that encodes what it is given, for balancers that have to read it. */
export function encoding(transport: Transport, encode: readonly Middleware[]): Transport {
  return { name: transport.name, connect: (endpoint) => pipe(...encode, transport.connect(endpoint)) };
}

/** What is looked for where: "dns collector.example", "etcd otlp". */
export function targetOf({ static: fixed, dns, k8s, file, consul, etcd, eureka }: DiscoveryConfig): string {
  if (fixed !== undefined) return `static ${fixed.hostnames.map(shownUrl).join(", ")}`;
  if (dns !== undefined) return `dns ${dns.hostname}`;
  if (k8s !== undefined) return `k8s ${k8s.service}`;
  if (file !== undefined) return `file ${file.path}`;
  if (consul !== undefined) return `consul ${consul.service}`;
  return etcd === undefined ? `eureka ${eureka!.application}` : `etcd ${etcd.service}`;
}
