import type { Registry } from "@otlpkit/core";
import { endpointOf, type Manner } from "../found.ts";
import { sleep, type Time } from "../time.ts";
import { type Tell, watching, type WatchOptions } from "../watching.ts";
import { type Findings, findAddresses, findServices } from "./find.ts";
import { parseResolvConf, parseServer, type ResolvConf } from "./resolv-conf.ts";
import { askServers } from "./servers.ts";
import { systemAddresses } from "./system.ts";
import { type Target, targetOf } from "./target.ts";

/** Options of {@link dnsRegistry}. */
export interface DnsRegistryOptions extends WatchOptions, Manner {
  /**
   * Who looks names up. "dns" (default) speaks DNS itself and asks again when the answers have run out; "system" asks the
   * operating system (getaddrinfo), which reads /etc/hosts too, knows no SRV, and does not say how long an answer holds.
   */
  readonly resolver?: "dns" | "system";
  /** DNS servers, such as "10.0.0.53" or "[fd00::53]:5353". Default: those of resolv.conf. */
  readonly servers?: readonly string[];
  /** Where servers, search domains and ndots are read, again before each look-up. Default "/etc/resolv.conf". */
  readonly resolvConfPath?: string;
  /** Which addresses are asked for: 4, 6, or 0 for both. Default 0. */
  readonly family?: 0 | 4 | 6;
  /** Time for one server to answer one question. Default 2,000. */
  readonly timeoutMs?: number;
  /** How often all servers are asked in turn before it counts as a failure. Default 2. */
  readonly attempts?: number;
  /** Answers are believed at least so long, whatever they say. Default 1,000. */
  readonly minTtlMs?: number;
  /** And no longer than this. Default 300,000 (five minutes). */
  readonly maxTtlMs?: number;
  /** How often the system is asked, which says nothing of how long answers hold. Default 30,000; at least `minTtlMs`. */
  readonly refreshMs?: number;
}

/**
 * Endpoints found in DNS: the addresses of a name, or the places that SRV records of a service tell.
 *
 * - `collector.example:4317` or `dns:///collector.example:4317`: one endpoint for each address (A and AAAA).
 * - `_otlp._tcp.example`: SRV, with weights; of several priorities only the first one's.
 *
 * A name with a dot at the end is whole; others are looked for in the search domains, as the system does. While no server
 * answers or all say SERVFAIL the last list stands; "no such name" is an empty list.
 *
 * Over TLS addresses need a certificate for addresses, or `tls.serverName` at the transport; SRV keeps the names there.
 *
 * @throws TypeError when the target, or a server, is not written as it must be.
 */
export function dnsRegistry(target: string, options: DnsRegistryOptions = {}): Registry {
  const settings = settle(target, options);
  return watching("dns", options, (tell, signal, time) => follow(settings, tell, signal, time));
}

type Settings = ReturnType<typeof settle>;

function settle(text: string, options: DnsRegistryOptions) {
  const target = targetOf(text);
  const { resolver = "dns", family = 0, minTtlMs = 1_000, maxTtlMs = 300_000, refreshMs = 30_000 } = options;
  if (resolver === "system" && target.kind === "services") {
    throw new TypeError(`dnsRegistry: the system's resolver knows no SRV records; leave resolver out for ${text}`);
  }
  return {
    target,
    resolver,
    family,
    minTtlMs,
    maxTtlMs: Math.max(minTtlMs, maxTtlMs),
    refreshMs: Math.max(minTtlMs, refreshMs),
    servers: options.servers?.map(parseServer),
    resolvConfPath: options.resolvConfPath ?? "/etc/resolv.conf",
    timeoutMs: options.timeoutMs,
    attempts: options.attempts,
    manner: {
      ...(options.scheme === undefined ? {} : { scheme: options.scheme }),
      ...(options.path === undefined ? {} : { path: options.path }),
    },
  };
}

async function follow(settings: Settings, tell: Tell, signal: AbortSignal, time: Time): Promise<void> {
  const fixed = fixedFindings(settings);
  const find = fixed ? async () => fixed : settings.resolver === "system" ? bySystem(settings) : byDns(settings, time);
  while (!signal.aborted) {
    const { records, ttlMs } = await find(signal);
    tell(records);
    // Up to a tenth later, so that those who asked together do not ask together for ever.
    const waitMs = Math.min(Math.max(ttlMs, settings.minTtlMs), settings.maxTtlMs);
    await sleep(time, waitMs * (1 + 0.1 * time.random()), signal);
  }
}

/** Addresses and "localhost" (RFC 6761) are nothing to ask a server for. */
function fixedFindings({ target, family, manner, resolver }: Settings): Findings | undefined {
  if (target.kind === "services") return undefined;
  const { isIP } = process.getBuiltinModule("node:net");
  const name = target.name.replace(/\.$/, "").toLowerCase();
  const isLocal = resolver === "dns" && (name === "localhost" || name.endsWith(".localhost"));
  const local = [...(family === 6 ? [] : ["127.0.0.1"]), ...(family === 4 ? [] : ["::1"])];
  const hosts = isIP(target.name) !== 0 ? [target.name] : isLocal ? local : undefined;
  if (hosts === undefined) return undefined;
  return { records: hosts.map((host) => endpointOf({ host, port: target.port }, manner)), ttlMs: Infinity };
}

type Find = (signal: AbortSignal) => Promise<Findings>;

function bySystem({ target, family, manner, refreshMs }: Settings): Find {
  const { name, port } = target as Extract<Target, { readonly kind: "addresses" }>;
  return async (signal) => {
    const hosts = await systemAddresses(name, family, signal);
    return { records: hosts.map((host) => endpointOf({ host, port }, manner)), ttlMs: refreshMs };
  };
}

function byDns(settings: Settings, time: Time): Find {
  const { target, family, manner, timeoutMs, attempts } = settings;
  const families = [...(family === 6 ? [] : ["A"]), ...(family === 4 ? [] : ["AAAA"])] as const as readonly (
    | "A"
    | "AAAA"
  )[];
  let known = "";
  let ask = askServers({ servers: [], timeoutMs: 0, attempts: 0 }, time);
  return async (signal) => {
    const conf = await readConf(settings.resolvConfPath);
    const servers = settings.servers ?? conf.servers;
    const asking = {
      servers,
      timeoutMs: timeoutMs ?? conf.timeoutMs ?? 2_000,
      attempts: attempts ?? conf.attempts ?? 2,
    };
    // What is known of the servers' health stays as long as they do.
    if (known !== JSON.stringify(asking)) ask = askServers(asking, time);
    known = JSON.stringify(asking);
    const search = { ask, conf, families, manner, signal };
    return target.kind === "services"
      ? findServices(search, target.name)
      : findAddresses(search, target.name, target.port);
  };
}

async function readConf(path: string): Promise<ResolvConf> {
  const { readFile } = process.getBuiltinModule("node:fs").promises;
  // Without the file the system asks a server on this machine, and so do we.
  return parseResolvConf(await readFile(path, "utf8").catch(() => ""));
}
