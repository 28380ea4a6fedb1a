import type { Endpoint } from "@otlpkit/core";
import { endpointOf, type Manner } from "../found.ts";

/**
 * What we write for an endpoint: itself as JSON, with a version, so that whoever reads it can see what it is.
 *
 * `{"url":"http://10.0.0.7:4317","weight":2,"zone":"a","draining":true,"metadata":{"version":"1.2"}}`
 */
export function valueOf({ url, weight, zone, metadata }: Endpoint, draining: boolean): string {
  return JSON.stringify({ url, weight, zone, metadata, ...(draining ? { draining } : {}) });
}

/**
 * What others have written, in whichever of the usual ways: our JSON; that of gRPC's naming resolver
 * (`{"Op":0,"Addr":"10.0.0.7:4317","Metadata":{…}}`); other JSON with `address` or `host`, and `port`; a URL; `host:port`.
 * Nothing for what is none of that: one wrong key is no reason to lose the others.
 */
export function endpointIn(value: string, id: string, manner: Manner): Endpoint | undefined {
  const text = value.trim();
  if (!text.startsWith("{")) return place(text, id, {}, manner);
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(given)) return undefined;
  // Go's JSON has capital letters, everybody else's has not.
  const known = new Map(Object.entries(given).map(([name, member]) => [name.toLowerCase(), member]));
  // An entry of the resolver of gRPC that says it is gone.
  if (known.get("op") === 1) return undefined;
  const said = (name: string): string | undefined => wordOf(known.get(name));
  const host = said("host") ?? said("address");
  const port = said("port");
  const where = said("url") ?? said("addr") ?? (port === undefined ? host : `${bracketed(host ?? "")}:${port}`);
  return where === undefined ? undefined : place(where, id, sayings(known), manner);
}

interface Sayings {
  readonly weight?: number | undefined;
  readonly zone?: string | undefined;
  readonly draining?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
}

function sayings(known: ReadonlyMap<string, unknown>): Sayings {
  const metadata = known.get("metadata");
  const weight = known.get("weight");
  return {
    weight: typeof weight === "number" ? weight : undefined,
    zone: wordOf(known.get("zone")),
    draining: known.get("draining") === true,
    metadata: isRecord(metadata) ? texts(metadata) : {},
  };
}

function place(where: string, id: string, said: Sayings, manner: Manner): Endpoint | undefined {
  const socket = /^unix:(?:\/\/)?(\/.+)$/i.exec(where)?.[1];
  if (socket !== undefined) return endpointOf({ host: socket, port: 0, id, ...said }, manner);
  const hasScheme = /^https?:\/\//i.test(where);
  const url = hasScheme ? where : `${manner.scheme ?? "http"}://${where}`;
  if (!URL.canParse(url) || (!hasScheme && !/^(?:\[[^\]]+\]|[^:/]+):\d+$/.test(where))) return undefined;
  const { protocol, hostname, port, pathname, username } = new URL(url);
  if (username !== "") return undefined;
  const secure = protocol === "https:";
  const path = pathname.replace(/\/+$/, "");
  return endpointOf(
    {
      host: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(port || (secure ? 443 : 80)),
      secure,
      id,
      ...said,
    },
    path === "" ? manner : { ...manner, path },
  );
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function texts(record: Readonly<Record<string, unknown>>): Record<string, string> {
  const flat = Object.entries(record).map(([name, value]) => [name, wordOf(value)] as const);
  return Object.fromEntries(flat.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

function wordOf(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
