import type { Endpoint } from "@otlpkit/core";

/** An instance as a source tells of it, before it is an {@link Endpoint}. */
export interface Found {
  /** A name or an address, IPv6 without brackets; or the path of a Unix socket, which begins with "/". */
  readonly host: string;
  /** 1 to 65,535. Not looked at for a Unix socket. */
  readonly port: number;
  /** What the source calls it. Default: the URL that it comes to. */
  readonly id?: string | undefined;
  readonly secure?: boolean | undefined;
  readonly weight?: number | undefined;
  readonly zone?: string | undefined;
  readonly draining?: boolean | undefined;
  /** Tags, versions and whatever else is known. The names of {@link labelsOf} say more of the endpoint itself. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * A host as strangers tell it: without the ways in which it would be a Unix socket of our own machine, to which nobody else
 * is to send us.
 */
export function remoteHost(host: string): string {
  return host.startsWith("/") ? "" : host;
}

/** How the instances of a service are spoken to, which few sources tell. */
export interface Manner {
  /** Whether they speak TLS, for those that do not say. Default "http", which is plain. */
  readonly scheme?: "http" | "https";
  /** Comes after the port: "/base". Default none. */
  readonly path?: string;
}

// What an instance that we registered says of itself beside host and port. Consul takes no dots in such names.
const labels = { scheme: "otlp-scheme", path: "otlp-path", weight: "otlp-weight", zone: "otlp-zone" } as const;

/**
 * Makes an endpoint of what was found, or nothing of what cannot be one: no host, no port. One instance that is registered
 * wrongly is no reason to lose the others.
 */
export function endpointOf(found: Found, manner: Manner = {}): Endpoint | undefined {
  const metadata = Object.fromEntries(Object.entries(found.metadata ?? {}).filter(([, value]) => value !== undefined));
  const scheme = schemeOf(metadata[labels.scheme], found.secure, manner.scheme);
  const url = urlOf(found, scheme, metadata[labels.path] ?? manner.path ?? "");
  if (url === undefined) return undefined;
  // What it said of itself when it registered is finer than what sources have room for.
  const weight = weightOf(numberOf(metadata[labels.weight])) ?? weightOf(found.weight);
  const zone = textOf(found.zone) ?? textOf(metadata[labels.zone]);
  for (const name of Object.values(labels)) delete metadata[name];
  return {
    url,
    id: textOf(found.id) ?? url,
    ...(weight === undefined || weight === 1 ? {} : { weight }),
    ...(zone === undefined ? {} : { zone }),
    ...(found.draining === true ? { draining: true } : {}),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

/**
 * The way back: what to write beside host and port where we register, so that {@link endpointOf} makes the same of it.
 * Names have letters, digits and dashes only.
 */
export function labelsOf(endpoint: Endpoint): Record<string, string> {
  const { secure, path } = placeOf(endpoint.url);
  return {
    ...endpoint.metadata,
    [labels.scheme]: secure ? "https" : "http",
    ...(path === "" ? {} : { [labels.path]: path }),
    ...(endpoint.weight === undefined ? {} : { [labels.weight]: String(endpoint.weight) }),
    ...(endpoint.zone === undefined ? {} : { [labels.zone]: endpoint.zone }),
  };
}

/** Where a URL leads. Throws `TypeError` for what is none. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** "" or "/base", without a slash at the end. */
  readonly path: string;
}

/** Takes an endpoint's URL apart. A Unix socket is a host that begins with "/", with port 0. */
export function placeOf(url: string): Place {
  if (/^unix:/i.test(url)) {
    return { host: url.replace(/^unix:(?:\/\/)?/i, ""), port: 0, secure: false, path: "" };
  }
  const { protocol, hostname, port, pathname } = new URL(url);
  const secure = protocol === "https:";
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (secure ? 443 : 80) : Number(port),
    secure,
    path: pathname.replace(/\/+$/, ""),
  };
}

function urlOf({ host, port }: Found, scheme: string, path: string): string | undefined {
  if (host.startsWith("/")) return `unix://${host}`;
  if (host === "" || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const name = host.includes(":") ? `[${host}]` : host;
  if (/[\s?#\\]/.test(path)) return undefined;
  const tail = path === "" || path.startsWith("/") ? path : `/${path}`;
  const url = `${scheme}://${name}:${port}${tail}`;
  // What a stranger wrote into a registry may be no host at all: "a/b", "user@host", a space.
  if (/[\s/@?#\\]/.test(name) || !URL.canParse(url)) return undefined;
  return url;
}

function schemeOf(label: string | undefined, secure: boolean | undefined, manner: string | undefined): string {
  if (label === "http" || label === "https") return label;
  if (secure !== undefined) return secure ? "https" : "http";
  return manner ?? "http";
}

function weightOf(weight: number | undefined): number | undefined {
  return weight !== undefined && Number.isFinite(weight) && weight >= 0 ? weight : undefined;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === "" ? undefined : Number(text);
}

function textOf(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
