import type { Endpoint } from "@otlpkit/core";
import { endpointOf, type Manner } from "../found.ts";
import { lookupAddresses, lookupServices, type Records } from "./lookup.ts";
import { plainName } from "./message.ts";
import { candidates, type ResolvConf } from "./resolv-conf.ts";
import type { AskServers } from "./servers.ts";

/** Everything that a search needs. */
export interface Search {
  readonly ask: AskServers;
  readonly conf: Pick<ResolvConf, "search" | "ndots">;
  readonly families: readonly ("A" | "AAAA")[];
  readonly manner: Manner;
  readonly signal: AbortSignal;
}

/** Endpoints, and how long they hold. */
export type Findings = Records<Endpoint | undefined>;

/** The addresses of a name, all with the same port. */
export async function findAddresses(search: Search, name: string, port: number): Promise<Findings> {
  const { records, ttlMs } = await firstThatHas(search, name, (whole) => addressesOf(search, whole));
  return { ttlMs, records: records.map((host) => endpointOf({ host, port }, search.manner)) };
}

/**
 * The places of a service: those of the lowest priority only, since the others are for when these are gone (RFC 2782).
 * Over TLS their names are kept, which the certificates are for; else the names become addresses.
 */
export async function findServices(search: Search, name: string): Promise<Findings> {
  const { signal, ask, manner } = search;
  const services = await firstThatHas(search, name, (whole) => lookupServices(ask, whole, signal));
  // The target "." says in so many words that there is no such service.
  const offered = services.records.filter(({ target }) => plainName(target) !== "." && target !== "");
  const lowest = Math.min(...offered.map(({ priority }) => priority));
  const group = offered.filter(({ priority }) => priority === lowest);
  const weighted = group.some(({ weight }) => weight > 0);
  let { ttlMs } = services;

  const endpoints = group.map(async ({ target, port, weight }) => {
    const host = plainName(target);
    // 0 among others: a very small chance, as the RFC says. All 0: no preference.
    const given = { port, weight: weighted ? Math.max(weight, 0.1) : undefined };
    if (manner.scheme === "https") return [endpointOf({ host, id: `${host}:${port}`, ...given }, manner)];
    const addresses = await addressesOf(search, host);
    ttlMs = Math.min(ttlMs, addresses.ttlMs);
    const alone = addresses.records.length === 1;
    return addresses.records.map((address) => {
      const id = alone ? `${host}:${port}` : `${host}:${port}/${address}`;
      return endpointOf({ host: address, id, ...given }, manner);
    });
  });
  const records = (await Promise.all(endpoints)).flat();
  return { records, ttlMs };
}

async function addressesOf({ ask, families, signal }: Search, name: string): Promise<Records<string>> {
  const found = await Promise.all(families.map((type) => lookupAddresses(ask, name, type, signal)));
  const withRecords = found.filter(({ records }) => records.length > 0);
  return {
    records: found.flatMap(({ records }) => records),
    // That there are none of one family holds for long or short, and is no reason to ask again for the other.
    ttlMs: Math.min(...(withRecords.length > 0 ? withRecords : found).map(({ ttlMs }) => ttlMs)),
  };
}

async function firstThatHas<T>(
  { conf }: Search,
  name: string,
  look: (whole: string) => Promise<Records<T>>,
): Promise<Records<T>> {
  let ttlMs = Infinity;
  for (const whole of candidates(name, conf)) {
    const found = await look(whole);
    if (found.records.length > 0) return found;
    ttlMs = Math.min(ttlMs, found.ttlMs);
  }
  return { records: [], ttlMs };
}
