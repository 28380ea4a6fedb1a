import type { TlsSettings } from "../options.ts";

type Pem = string | Uint8Array;

/** What is used of the options of an agent of `node:http` or `node:https`; the rest has no effect. */
interface UsedOptions {
  readonly ca?: Pem | readonly Pem[];
  readonly cert?: Pem | readonly Pem[];
  readonly key?: Pem | readonly Pem[];
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

/** What is used of an agent: the options it was made with, and its proxy, where it names one as `https-proxy-agent` does. */
export interface Agent {
  readonly options?: object;
  readonly proxy?: URL | string;
}

/** Makes an agent; `protocol` is "http:" or "https:". */
export type HttpAgentFactory = (protocol: string) => Agent | Promise<Agent>;

// What would be missed. How connections are kept is our own business.
const unused = [
  "pfx",
  "passphrase",
  "secureContext",
  "crl",
  "ciphers",
  "minVersion",
  "maxVersion",
  "checkServerIdentity",
  "localAddress",
  "family",
  "lookup",
];

/** The certificates of an agent as ours; undefined when it has none. `warn` hears of options that would be missed. */
export function tlsOfAgent(options: object, warn: (warning: string) => void): TlsSettings | undefined {
  const { ca, cert, key, rejectUnauthorized, servername } = options as UsedOptions;
  const missed = unused.filter((name) => (options as Readonly<Record<string, unknown>>)[name] !== undefined);
  if (missed.length > 0) warn(`httpAgentOptions: ${missed.join(", ")} has no effect here; see the option tls`);
  const tls: TlsSettings = {
    ...(ca === undefined ? {} : { ca: joined(ca) }),
    ...(cert === undefined ? {} : { cert: joined(cert) }),
    ...(key === undefined ? {} : { key: joined(key) }),
    ...(servername === undefined ? {} : { serverName: servername }),
    ...(rejectUnauthorized === false ? { insecureSkipVerify: true } : {}),
  };
  return Object.keys(tls).length === 0 ? undefined : tls;
}

/** What is used of an agent that somebody made. */
export function connectionOfAgent(
  { options = {}, proxy }: Agent,
  warn: (warning: string) => void,
): { readonly tls?: TlsSettings; readonly proxy?: string } {
  const tls = tlsOfAgent(options, warn);
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(proxy === undefined ? {} : { proxy: String(proxy) }),
  };
}

/** Several PEM texts are one. */
function joined(pem: Pem | readonly Pem[]): Pem {
  if (typeof pem === "string" || pem instanceof Uint8Array) return pem;
  return pem.map((part) => (typeof part === "string" ? part : new TextDecoder().decode(part))).join("\n");
}
