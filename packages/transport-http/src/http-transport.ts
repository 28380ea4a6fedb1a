import { type Compressor, ExportError, httpProxyOf, type Live, type Sender, type Transport } from "@otlpkit/core";
import { nodePoster } from "./node-poster.ts";
import { otlpSender } from "./otlp-sender.ts";
import { type Headers, ownHeaders } from "./request-headers.ts";
import { type SignalPaths, targetOf } from "./request-url.ts";
import { live, type TlsOptions } from "./tls.ts";
import { userAgentOf } from "./user-agent.ts";

/** Options of {@link httpTransport}. */
export interface HttpTransportOptions {
  /**
   * Sent with every request. Those that describe the body (`content-type`, `content-length` and the like) and
   * `user-agent` are the transport's own and are left out; headers of a batch come over these.
   */
  readonly headers?: Headers;
  /** A product to name in front of our own `User-Agent`: "my-agent/1.2" (J-02). */
  readonly userAgent?: string;
  /**
   * The path of each signal, put behind the endpoint's own. Default `/v1/traces`, `/v1/metrics`, `/v1/logs` and
   * `/v1development/profiles`; "" takes the endpoint's URL as it stands (C-05, C-06).
   */
  readonly paths?: SignalPaths;
  /** The largest body to send, before compression where that is known. Default 64 MiB, as the protocol asks (C-09). */
  readonly maxRequestBytes?: number;
  /** The largest answer to read, also after decompression. Default 4 MiB, as the protocol asks (C-11). */
  readonly maxResponseBytes?: number;
  /**
   * Connections at a time; further requests wait for one to become free. HTTP/1.1 carries one request at a time on each.
   * Default 8, which fills a link of 100 ms with about ten megabytes a second of usual batches (C-21, H-04).
   */
  readonly maxConnections?: number;
  /**
   * How long an idle connection is kept, in ms. Default 30,000: below the minute after which load balancers commonly
   * forget one. A server that announces less is heeded.
   */
  readonly idleTimeoutMs?: number;
  /** How long to wait for a connection, a proxy's tunnel and TLS included, in ms. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /**
   * For `https:` endpoints; of it, `ca` and `insecureSkipVerify` are for an `https:` proxy too. What may change (`tlsFiles` of
   * `@otlpkit/auth/tls`) is used for new connections; those that are there are let go when they are idle.
   */
  readonly tls?: TlsOptions | Live<TlsOptions>;
  /**
   * An HTTP proxy on the way: `http://proxy:3128` or `https://`, with user and password if it wants them. It is asked for
   * tunnels to `https:` endpoints and makes the requests to `http:` endpoints in our place; `unix:` endpoints have no use
   * for it. Default: none, whatever the environment says.
   */
  readonly proxy?: string | URL;
  /** To read compressed answers with. Default none, and then none are asked for (C-08). */
  readonly compressors?: readonly Compressor[];
}

/**
 * OTLP over HTTP/1.1, on `node:http`: protobuf or JSON, as the batch says. Connections are kept and reused.
 *
 * One attempt per `send`; put `retry()` in front. `connect` throws {@link ExportError} "unsupported" for an endpoint
 * that is not `http:`, `https:` or `unix:`, and "rejected" for headers or TLS options that cannot be used;
 * `httpTransport` itself throws "unsupported" for a proxy that is none.
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  const { compressors = [], maxRequestBytes = 64 * 1024 * 1024, maxResponseBytes = 4 * 1024 * 1024 } = options;
  const { maxConnections = 8, idleTimeoutMs = 30_000, connectTimeoutMs = 10_000 } = options;
  const proxy = options.proxy === undefined ? undefined : httpProxyOf(options.proxy);
  requirePositive({ maxRequestBytes, maxResponseBytes, maxConnections, idleTimeoutMs, connectTimeoutMs });
  return {
    name: "http",
    connect(endpoint): Sender {
      const { urls, socketPath } = targetOf(endpoint, options.paths);
      const headers: Record<string, string> = {
        ...ownHeaders(options.headers ?? {}),
        "user-agent": userAgentOf(options.userAgent),
      };
      if (compressors.length > 0) headers["accept-encoding"] = compressors.map(({ name }) => name).join(", ");
      const poster = nodePoster({
        secure: urls.traces.protocol === "https:",
        socketPath,
        tls: live(options.tls ?? {}),
        // A socket of this machine is nothing to go through a proxy for.
        proxy: socketPath === undefined ? proxy : undefined,
        maxResponseBytes,
        maxConnections,
        idleTimeoutMs,
        connectTimeoutMs,
        compressors: new Map(compressors.map((compressor) => [compressor.name, compressor])),
      });
      return otlpSender({ urls, headers, maxRequestBytes }, poster);
    },
  };
}

function requirePositive(limits: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0)) throw new ExportError("rejected", `${name} must be above 0, not ${value}`);
  }
}
