import type { Endpoint } from "@otlpkit/core";
import { endpointOf, type Manner } from "../found.ts";

/** What we look at of an EndpointSlice (discovery.k8s.io/v1). Anything may be absent or null. */
export interface EndpointSlice {
  readonly metadata?: { readonly name?: string; readonly resourceVersion?: string } | null;
  /** IPv4, IPv6 or FQDN. */
  readonly addressType?: string;
  readonly endpoints?: readonly SliceEndpoint[] | null;
  readonly ports?: readonly SlicePort[] | null;
}

interface SliceEndpoint {
  /** All of them are the same place; the first is the one to use. */
  readonly addresses?: readonly string[] | null;
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  } | null;
  readonly hostname?: string | null;
  readonly nodeName?: string | null;
  readonly zone?: string | null;
  readonly hints?: { readonly forZones?: readonly { readonly name?: string }[] | null } | null;
  readonly targetRef?: { readonly name?: string; readonly namespace?: string } | null;
}

interface SlicePort {
  readonly name?: string | null;
  readonly port?: number | null;
  readonly protocol?: string | null;
  readonly appProtocol?: string | null;
}

/** How endpoints are taken out of slices. */
export interface SliceOptions extends Manner {
  /**
   * The port: its name in the Service, or its number at the pods. Default: the first port of TCP.
   */
  readonly port?: string | number;
  /**
   * The zone we are in. When the cluster says for every endpoint which zones it is meant for (topology aware routing), only
   * those for ours are taken, if there are any. Default: none, which takes all.
   */
  readonly ownZone?: string;
}

/**
 * The endpoints of a Service. It may have many slices; the same pod may be in two of them for a while, and is in two when
 * it has addresses of both kinds: the one that is ready counts, and then IPv4.
 */
export function endpointsIn(slices: Iterable<EndpointSlice>, options: SliceOptions): readonly Endpoint[] {
  const all = [...slices].toSorted((a, b) => rank(a) - rank(b)).flatMap((slice) => takenFrom(slice, options));
  const byId = new Map<string, Taken>();
  for (const taken of all) {
    const id = taken.endpoint.id ?? taken.endpoint.url;
    const before = byId.get(id);
    if (before === undefined || (before.endpoint.draining === true && taken.endpoint.draining !== true)) {
      byId.set(id, taken);
    }
  }
  return meantFor(options.ownZone, [...byId.values()]).map(({ endpoint }) => endpoint);
}

interface Taken {
  readonly endpoint: Endpoint;
  readonly forZones: readonly (string | undefined)[];
}

function rank({ addressType }: EndpointSlice): number {
  return addressType === "IPv4" ? 0 : addressType === "IPv6" ? 1 : 2;
}

function takenFrom({ endpoints, ports }: EndpointSlice, options: SliceOptions): readonly Taken[] {
  const port = portOf(ports ?? [], options.port);
  if (port === undefined) return [];
  return (endpoints ?? []).flatMap((found) => {
    const draining = stateOf(found);
    const host = found.addresses?.[0];
    if (draining === undefined || host === undefined) return [];
    const endpoint = endpointOf(
      {
        host,
        port: port.port,
        id: found.targetRef?.name ?? undefined,
        secure: secureOf(port.appProtocol),
        zone: found.zone ?? undefined,
        draining,
        metadata: about(found),
      },
      options,
    );
    const forZones = (found.hints?.forZones ?? []).map(({ name }) => name);
    return endpoint === undefined ? [] : [{ endpoint, forZones }];
  });
}

/** Whether it drains; `undefined` when it takes nothing. Not to say whether it is ready means that it is. */
function stateOf({ conditions }: SliceEndpoint): boolean | undefined {
  const { serving, terminating } = conditions ?? {};
  const ready = conditions?.ready ?? true;
  if (terminating === true) return (serving ?? ready) ? true : undefined;
  return ready ? false : undefined;
}

function portOf(
  ports: readonly SlicePort[],
  wanted: string | number | undefined,
): { port: number; appProtocol?: string | null } | undefined {
  // No list of ports at all stands for all of them.
  if (ports.length === 0) return typeof wanted === "number" ? { port: wanted } : undefined;
  for (const { name, port, protocol, appProtocol = null } of ports) {
    if (port === undefined || port === null || (protocol ?? "TCP") !== "TCP") continue;
    // The only port of a Service needs no name: null and "" are the same.
    if (wanted === undefined || wanted === port || wanted === (name ?? "")) return { port, appProtocol };
  }
  return undefined;
}

function secureOf(appProtocol: string | null | undefined): boolean | undefined {
  const name = appProtocol?.toLowerCase().replace(/^kubernetes\.io\//, "");
  if (name === undefined) return undefined;
  if (/^(?:https|grpcs|tls|wss|http2s)$/.test(name)) return true;
  return /^(?:http|grpc|h2c|http2|ws)$/.test(name) ? false : undefined;
}

function about({ nodeName, hostname, targetRef }: SliceEndpoint): Record<string, string> {
  return {
    ...(nodeName ? { node: nodeName } : {}),
    ...(hostname ? { hostname } : {}),
    ...(targetRef?.name ? { pod: targetRef.name } : {}),
  };
}

/** As kube-proxy does: hints count when every endpoint has them and one of them is ours. */
function meantFor(zone: string | undefined, all: readonly Taken[]): readonly Taken[] {
  if (zone === undefined || all.some(({ forZones }) => forZones.length === 0)) return all;
  const ours = all.filter(({ forZones }) => forZones.includes(zone));
  return ours.length === 0 ? all : ours;
}
