import type { PeerCertificate } from "node:tls";
import { type Compressor, type HttpProxy, httpProxyOf, type Live } from "@otlpkit/core";
import { live, type Pem, type TlsRules } from "./tls.ts";

/** Certificates of a client, each in PEM, text or bytes. Reading files and following them is the business of `auth`. */
export interface ClientTls extends TlsRules {
  /** Authorities to trust instead of the system's. */
  readonly ca?: Pem | readonly Pem[];
  /** Our certificate, when the far side asks for one. */
  readonly cert?: Pem;
  /** The key of `cert`. */
  readonly key?: Pem;
  /** The name to ask for (SNI) and to check the certificate against. Default: the endpoint's host. */
  readonly serverName?: string;
  /** Accepts any certificate. For experiments: whoever is in between can read everything. Default: false. */
  readonly insecureSkipVerify?: boolean;
  /** Looks at the certificate in place of Node, whose `checkServerIdentity` it should call: `pinned` of `@otlpkit/auth/tls`. */
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** Options of both client engines. */
export interface GrpcTransportOptions {
  /**
   * Sent as metadata with every call; a batch's own headers win over them. Values of keys that end in `-bin` are
   * sent in base64. `user-agent` cannot be set here, see `userAgent` (J-04). Default: none.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Product put in front of our own User-Agent: "shop/1.4" (J-02). */
  readonly userAgent?: string;
  /** Larger requests are not sent. Default: 64 MiB, the protocol's recommendation. */
  readonly maxRequestBytes?: number;
  /** Larger answers are given up, before and after decompression. Default: 4 MiB, likewise. */
  readonly maxResponseBytes?: number;
  /**
   * For endpoints with `https:` or without a scheme; of it, `ca` and `insecureSkipVerify` are for an `https:` proxy too.
   * Default: the system's authorities, no certificate of ours. What may change (`tlsFiles` of `@otlpkit/auth/tls`) is used
   * for new connections, and one that is there is let go when its calls are answered.
   */
  readonly tls?: ClientTls | Live<ClientTls>;
  /**
   * An HTTP proxy that makes tunnels (CONNECT): `http://proxy:3128` or `https://`, with user and password if it wants
   * them. `unix:` endpoints have no use for it. Default: none, whatever the environment says; grpc-js reads the environment
   * by itself and takes none here.
   */
  readonly proxy?: string | URL;
  /** Endpoints without `http:` or `https:` are plain instead of TLS. Default: false. */
  readonly insecure?: boolean;
  /** Connections to the endpoint, each opened when the others are busy. Default: 1; more help when one core is idle. */
  readonly connections?: number;
  /** Calls at a time on one connection; the far side may allow fewer. More wait. Default: 100 (H-03). */
  readonly maxStreams?: number;
  /** How long opening a connection may take, from a proxy's tunnel to the far side's first HTTP/2 frame. Default: 10,000. */
  readonly connectTimeoutMs?: number;
  /**
   * Pings a connection with calls under way that has been silent for so long. Default: 0, off, because many servers
   * hang up on clients that ping often. A call that times out is followed by one ping in any case, so a half-open
   * connection is found either way.
   */
  readonly keepaliveMs?: number;
  /** A ping that is not answered within this time ends the connection. Default: 20,000. */
  readonly keepaliveTimeoutMs?: number;
  /** `close()` waits for the answers under way; otherwise they end with "cancelled". Default: true. */
  readonly waitAtClose?: boolean;
  /** To read compressed answers, and offered to the far side. Default: none. */
  readonly compressors?: readonly Compressor[];
  /** Told once per connect about something odd but harmless: a path in the endpoint's URL. Default: nobody is told. */
  readonly onWarning?: (warning: string) => void;
}

/** The options with defaults filled in. */
export type FilledOptions = Required<Omit<GrpcTransportOptions, "tls" | "proxy" | "userAgent">> & {
  readonly tls: Live<ClientTls>;
  readonly proxy: HttpProxy | undefined;
  readonly userAgent: string | undefined;
};

const mebibyte = 1_048_576;

/** Fills in defaults and checks limits, once, at the door. @throws RangeError when a number makes no sense. */
export function filled(options: GrpcTransportOptions): FilledOptions {
  const all: FilledOptions = {
    headers: options.headers ?? {},
    userAgent: options.userAgent,
    maxRequestBytes: options.maxRequestBytes ?? 64 * mebibyte,
    maxResponseBytes: options.maxResponseBytes ?? 4 * mebibyte,
    tls: live(options.tls ?? {}),
    proxy: options.proxy === undefined ? undefined : httpProxyOf(options.proxy),
    insecure: options.insecure ?? false,
    connections: options.connections ?? 1,
    maxStreams: options.maxStreams ?? 100,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    keepaliveMs: options.keepaliveMs ?? 0,
    keepaliveTimeoutMs: options.keepaliveTimeoutMs ?? 20_000,
    waitAtClose: options.waitAtClose ?? true,
    compressors: options.compressors ?? [],
    onWarning: options.onWarning ?? (() => {}),
  };
  for (const name of [
    "maxRequestBytes",
    "maxResponseBytes",
    "connections",
    "maxStreams",
    "connectTimeoutMs",
    "keepaliveTimeoutMs",
  ] as const) {
    if (!(all[name] > 0)) throw new RangeError(`gRPC transport: ${name} must be above 0, not ${all[name]}`);
  }
  if (!(all.keepaliveMs >= 0)) throw new RangeError("gRPC transport: keepaliveMs must be 0 (off) or more");
  return all;
}
