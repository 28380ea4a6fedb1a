import {
  check,
  choice,
  duration,
  flag,
  integer,
  list,
  optional,
  or,
  present,
  section,
  type SectionOf,
  text,
  unsupported,
} from "@otlpkit/config";
import type { Registrar, Registry } from "@otlpkit/core";
import type { OnState, WatchOptions } from "@otlpkit/discovery";
import type { EtcdConnectOptions } from "@otlpkit/discovery/etcd";
import { contents } from "./contents.ts";
import type { ComponentContext } from "../component.ts";

/** How a server of a registry is reached over TLS. */
const tls = section({
  ca_file: optional(text),
  cert_file: optional(text),
  key_file: optional(text),
  server_name_override: optional(text),
  insecure_skip_verify: or(flag, false),
});

const consulAccess = {
  url: optional(text),
  token: optional(text),
  token_file: optional(text),
  namespace: optional(text),
  partition: optional(text),
  tls: present(tls),
};
const etcdAccess = {
  endpoints: list(text),
  prefix: optional(text),
  username: optional(text),
  password: optional(text),
  tls: present(tls),
};
const eurekaAccess = { urls: list(text), tls: present(tls) };

const keys = {
  static: present(section({ hostnames: list(text) })),
  dns: present(
    section({
      hostname: text,
      port: optional(text),
      /** How often the system is asked, or the bound on how long an answer is believed. */
      interval: optional(duration),
      timeout: optional(duration),
      /** Ours: "system" asks the operating system, which knows /etc/hosts and no SRV. */
      resolver: optional(choice("dns", "system")),
      servers: optional(list(text)),
    }),
  ),
  k8s: present(
    section({
      service: text,
      ports: list(integer({ min: 1, max: 65_535 })),
      timeout: optional(duration),
      return_hostnames: unsupported("addresses are used"),
      /** Ours. */
      port_name: optional(text),
      zone: optional(text),
      kubeconfig: optional(text),
    }),
  ),
  aws_cloud_map: unsupported("use dns, which Cloud Map answers as well"),
  /** Ours. */
  file: present(section({ path: text, poll_interval: optional(duration) })),
  consul: present(
    section({ ...consulAccess, service: text, tags: list(text), filter: optional(text), datacenter: optional(text) }),
  ),
  etcd: present(section({ ...etcdAccess, service: text })),
  eureka: present(section({ ...eurekaAccess, application: text, poll_interval: optional(duration) })),
};

const kinds = ["static", "dns", "k8s", "file", "consul", "etcd", "eureka"] as const;

/** `resolver` of the load balancing exporter, and `discovery` of the others: where endpoints are found. */
export const discoveryConfig = check(section(keys), (config) =>
  kinds.filter((kind) => config[kind] !== undefined).length === 1 ? undefined : `needs one of ${kinds.join(", ")}`,
);
export type DiscoveryConfig = SectionOf<typeof keys>;

/** What is found, before anybody has said how it is reached. */
export interface Manner {
  readonly scheme: "http" | "https";
  /** Where a source names no port. */
  readonly port: number;
}

/**
 * The registry that a configuration names.
 *
 * @throws ExportError when a file cannot be read, TypeError when a target makes no sense
 */
export async function registryOf(
  config: DiscoveryConfig,
  manner: Manner,
  context: ComponentContext,
): Promise<Registry> {
  const { scheme } = manner;
  const options: WatchOptions = { onState: stateTo(context) };
  if (config.static !== undefined) {
    const { staticRegistry } = await import("@otlpkit/discovery");
    return staticRegistry(config.static.hostnames.map((place) => urlOf(place, manner)));
  }
  if (config.file !== undefined) {
    const { fileRegistry } = await import("@otlpkit/discovery/file");
    const { path, poll_interval: pollMs } = config.file;
    return fileRegistry(path, { ...options, ...(pollMs === undefined ? {} : { pollMs }) });
  }
  if (config.dns !== undefined) {
    const { dnsRegistry } = await import("@otlpkit/discovery/dns");
    const { hostname, port, interval, timeout, resolver, servers } = config.dns;
    const target = hostname.startsWith("_") ? hostname : `${hostname}:${port ?? manner.port}`;
    return dnsRegistry(target, {
      ...options,
      scheme,
      ...(interval === undefined ? {} : { refreshMs: interval, maxTtlMs: interval }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
      ...(resolver === undefined ? {} : { resolver }),
      ...(servers === undefined ? {} : { servers }),
    });
  }
  if (config.k8s !== undefined) {
    const { inCluster, kubeconfig, kubernetesRegistry } = await import("@otlpkit/discovery/kubernetes");
    const { service, ports, port_name, zone, timeout, kubeconfig: path } = config.k8s;
    const [name = "", namespace] = service.split(".");
    const port = port_name ?? ports[0];
    return kubernetesRegistry(name, {
      ...options,
      scheme,
      access: path === undefined ? inCluster() : kubeconfig({ path }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(port === undefined ? {} : { port }),
      ...(zone === undefined ? {} : { ownZone: zone }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    });
  }
  if (config.consul !== undefined) {
    const { consulRegistry } = await import("@otlpkit/discovery/consul");
    const { service, tags, filter, datacenter } = config.consul;
    return consulRegistry(service, {
      ...options,
      ...(await consulAccessOf(config.consul)),
      scheme,
      tags,
      ...(filter === undefined ? {} : { filter }),
      ...(datacenter === undefined ? {} : { datacenter }),
    });
  }
  if (config.etcd !== undefined) {
    const { etcdRegistry } = await import("@otlpkit/discovery/etcd");
    return etcdRegistry(config.etcd.service, { ...options, ...etcdAccessOf(config.etcd), scheme });
  }
  const { eurekaRegistry } = await import("@otlpkit/discovery/eureka");
  const { application, poll_interval: pollMs, urls, tls: secure } = config.eureka!;
  return eurekaRegistry(application, {
    ...options,
    scheme,
    ...(urls.length === 0 ? {} : { url: urls }),
    ...(secure === undefined ? {} : { tls: tlsOf(secure) }),
    ...(pollMs === undefined ? {} : { pollMs }),
  });
}

const registrationKeys = {
  service: text,
  /** Where others reach us; the first door's address otherwise. */
  url: optional(text),
  id: optional(text),
  zone: optional(text),
  weight: optional(integer({ min: 1 })),
  /** So long doors stay open after others were told that the relay goes; at most a quarter of `drain_timeout`. */
  drain_wait: or(duration, 1_000),
  consul: present(
    section({
      ...consulAccess,
      tags: list(text),
      /** Whether the relay says that it is well, or the agent asks `grpc.health.v1` at what is registered. */
      check: or(choice("ttl", "grpc"), "ttl"),
      ttl: optional(duration),
    }),
  ),
  etcd: present(section({ ...etcdAccess, ttl: optional(duration) })),
  eureka: present(section(eurekaAccess)),
};
const registrars = ["consul", "etcd", "eureka"] as const;

/** `service.registration` (ours): where the relay tells others that it is there. */
export const registrationConfig = check(section(registrationKeys), (config) =>
  registrars.filter((kind) => config[kind] !== undefined).length === 1
    ? undefined
    : `needs one of ${registrars.join(", ")}`,
);
export type RegistrationConfig = SectionOf<typeof registrationKeys>;

/** The registrar that a configuration names. */
export async function registrarOf(config: RegistrationConfig, onState: OnState): Promise<Registrar> {
  if (config.consul !== undefined) {
    const { consulRegistrar } = await import("@otlpkit/discovery/consul");
    const { check: kind, tags, ttl: ttlMs } = config.consul;
    const check = kind === "grpc" ? { kind } : { kind, ...(ttlMs === undefined ? {} : { ttlMs }) };
    return consulRegistrar({ onState, ...(await consulAccessOf(config.consul)), check, tags });
  }
  if (config.etcd !== undefined) {
    const { etcdRegistrar } = await import("@otlpkit/discovery/etcd");
    const { ttl } = config.etcd;
    const seconds = ttl === undefined ? {} : { ttlSeconds: Math.max(1, Math.round(ttl / 1000)) };
    return etcdRegistrar({ onState, ...etcdAccessOf(config.etcd), ...seconds });
  }
  const { eurekaRegistrar } = await import("@otlpkit/discovery/eureka");
  const { urls, tls: secure } = config.eureka!;
  return eurekaRegistrar({
    onState,
    ...(urls.length === 0 ? {} : { url: urls }),
    ...(secure === undefined ? {} : { tls: tlsOf(secure) }),
  });
}

async function consulAccessOf(config: SectionOf<typeof consulAccess>) {
  const { consulEnvironment } = await import("@otlpkit/discovery/consul");
  const { url, token, token_file: tokenPath, namespace, partition, tls: secure } = config;
  return {
    ...consulEnvironment(),
    ...(url === undefined ? {} : { url }),
    ...(token === undefined ? {} : { token }),
    ...(tokenPath === undefined ? {} : { tokenPath }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(partition === undefined ? {} : { partition }),
    ...(secure === undefined ? {} : { tls: tlsOf(secure) }),
  };
}

function etcdAccessOf(config: SectionOf<typeof etcdAccess>): EtcdConnectOptions & { readonly prefix?: string } {
  const { endpoints, prefix, username, password, tls: secure } = config;
  return {
    endpoints: endpoints.length === 0 ? ["http://127.0.0.1:2379"] : endpoints,
    ...(prefix === undefined ? {} : { prefix }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(secure === undefined ? {} : { tls: tlsOf(secure) }),
  };
}

/** Read again for each connection, so that certificates can be renewed. */
function tlsOf(
  config: { readonly [K in "ca_file" | "cert_file" | "key_file" | "server_name_override"]: string | undefined } & {
    readonly insecure_skip_verify: boolean;
  },
) {
  const read = () => ({
    ...(config.ca_file === undefined ? {} : { ca: contents(config.ca_file) }),
    ...(config.cert_file === undefined ? {} : { cert: contents(config.cert_file) }),
    ...(config.key_file === undefined ? {} : { key: contents(config.key_file) }),
    ...(config.server_name_override === undefined ? {} : { serverName: config.server_name_override }),
    insecureSkipVerify: config.insecure_skip_verify,
  });
  read();
  return read;
}

/** "host", "host:port", "[::1]:port" or a URL, as a URL. */
function urlOf(place: string, { scheme, port }: Manner): string {
  if (place.includes("://") || place.startsWith("unix:")) return place;
  const hasPort = /^(?:\[[^\]]*\]|[^:]*):\d+$/u.test(place);
  return `${scheme}://${hasPort ? place : `${place}:${port}`}`;
}

/** Says in metrics and the log how fresh the list is. */
function stateTo({ id, log, metrics }: ComponentContext): OnState {
  const stale = metrics.gauge(
    "otlpkit_discovery_stale",
    "1 while the source of endpoints can't be asked and the last list stands.",
  );
  const known = metrics.gauge("otlpkit_discovery_endpoints", "Endpoints in the list that the source gave last.");
  return (state) => {
    const labels = { exporter: id, source: state.source };
    stale.with(labels).set(state.state === "stale" ? 1 : 0);
    if (state.state === "fresh") return known.with(labels).set(state.endpoints);
    return log.warn("cannot ask for endpoints; the last list stands", {
      source: state.source,
      retryInMs: Math.round(state.retryInMs),
      error: state.error,
    });
  };
}
