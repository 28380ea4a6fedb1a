import type { Compressor, CredentialProvider, Middleware, Route, Transport } from "@otlpkit/core";
import type { RetryOptions } from "@otlpkit/retry";
import type { Attributes } from "./resource.ts";

/** How OTLP travels: over HTTP/2 as gRPC, or over HTTP with the request in protobuf or JSON. */
export type Protocol = "grpc" | "http/protobuf" | "http/json";

/** Certificates, each a PEM text or bytes; the environment names files instead. */
export interface TlsSettings {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string | Uint8Array;
  /** Our certificate, for far sides that ask for one. Needs `key`. */
  readonly cert?: string | Uint8Array;
  /** The private key of `cert`. */
  readonly key?: string | Uint8Array;
  /** The name to expect in the far side's certificate, when it is not the host of the endpoint. */
  readonly serverName?: string;
  /** Accepts any certificate. For experiments: whoever is in between can read everything. Default false. */
  readonly insecureSkipVerify?: boolean;
}

/**
 * Where items go and how. Each can be said for all signals and again for one (I-01); what the program says beats what the
 * environment says, and what is said for one signal beats what is said for all (I-27).
 */
export interface ExportOptions {
  /** Default "http/protobuf" (I-16); in browsers the other two make no difference but size, and gRPC does not exist. */
  readonly protocol?: Protocol;
  /**
   * Where to send. For all signals: a base, to which `/v1/traces` and so on are added for HTTP (I-03). For one signal:
   * taken as it stands (I-04). Default `http://localhost:4318`, for gRPC `http://localhost:4317` (I-02).
   */
  readonly endpoint?: string;
  /** gRPC endpoints without a scheme are plain instead of TLS (I-07). Default false. */
  readonly insecure?: boolean;
  /** Sent with every request. Those for one signal are added to those for all, and win over them (I-13). */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that change: asked once per attempt, and again when the far side says that they are not good. */
  readonly credentials?: CredentialProvider;
  /**
   * Lets `credentials` go over connections that anybody can read, to other machines too. Default false: such an endpoint is
   * refused when the client is made.
   */
  readonly allowCleartext?: boolean;
  /** Default "none" (I-14), as every receiver takes that. "zstd" where Node has it, "br" everywhere in Node. */
  readonly compression?: "none" | "gzip" | "zstd" | "br" | "deflate" | Compressor;
  /**
   * How long one export may take, retries included, in ms (I-15, A-18): for `send`, which somebody waits for. Items that
   * were recorded are kept and tried for `giveUpAfterMs`. `0`: no limit. Default 10,000.
   */
  readonly timeoutMs?: number;
  /**
   * How long one attempt may take, in ms; one that takes longer is broken off and made again. Default: `timeoutMs` for
   * recorded items, two thirds of it for `send`, so that there is time for another (F-15).
   */
  readonly attemptTimeoutMs?: number;
  /** For `https:` endpoints. */
  readonly tls?: TlsSettings;
  /**
   * An HTTP proxy: `http://user:password@proxy:3128`. Default: what `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say;
   * `false`: none. Browsers have their own.
   */
  readonly proxy?: string | false;
  /** A product to name in front of our own User-Agent: "shop/1.4" (J-02). */
  readonly userAgent?: string;
  /** No request is larger than this before compression; larger batches are split. Default 4 MiB, as many receivers still refuse more for good (N1-07). */
  readonly maxRequestBytes?: number;
  /** Larger answers are given up. Default 4 MiB (A-11, C-11). */
  readonly maxResponseBytes?: number;
}

/** How what is recorded is held and put into requests. Each can be said for all signals and again for one. */
export interface BufferOptions {
  /** No request has more items than this (O-02). Default 8,192; `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` and its like. */
  readonly maxBatchItems?: number;
  /**
   * Recorded items go no later than this, in ms (O-05). Default 5,000 for spans, 1,000 for log records, 0 for metrics,
   * which come collected.
   */
  readonly maxAgeMs?: number;
  /**
   * No more items are held or under way than this (O-01); more are dropped. Default: no limit but `maxBufferBytes`, since
   * what matters is memory; `OTEL_BSP_MAX_QUEUE_SIZE` and its like.
   */
  readonly maxQueueItems?: number;
}

/** What `createClient` takes. Everything has a default; `createClient()` does what the environment says. */
export interface ClientOptions extends ExportOptions, BufferOptions {
  /** What differs for spans. */
  readonly traces?: ExportOptions & BufferOptions;
  /** What differs for metrics. */
  readonly metrics?: ExportOptions & BufferOptions;
  /** What differs for log records. */
  readonly logs?: ExportOptions & BufferOptions;
  /**
   * Whose telemetry this is. Added to `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`, and wins over them (I-36).
   * `service.name` is "unknown_service:node" unless somebody says better.
   */
  readonly resource?: Attributes;
  /** Bytes held or under way, all signals together. Never exceeded but by one open chunk a signal. Default 64 MiB. */
  readonly maxBufferBytes?: number;
  /**
   * What happens when there is no room. "drop-newest" (default, as the OpenTelemetry SDK does) drops what comes;
   * "drop-oldest" what waits longest; "sample" begins earlier to drop a growing part of what comes, so that the rest of
   * the picture stays even; "block" lets `send` wait, and drops the newest of what is recorded, as that cannot wait.
   */
  readonly whenFull?: "drop-newest" | "drop-oldest" | "sample" | "block";
  /** Requests under way at one time, for each signal (H-03). Default 8. */
  readonly maxConcurrent?: number;
  /**
   * Recorded items that could not be delivered are tried again for so long, in ms; `0`: no limit. Default 300,000, five
   * minutes; `OTEL_BSP_EXPORT_TIMEOUT` and its like.
   */
  readonly giveUpAfterMs?: number;
  /** How to wait between attempts. */
  readonly retry?: Pick<RetryOptions, "initialDelayMs" | "maxDelayMs" | "multiplier" | "jitter" | "maxAttempts">;
  /** Another way to reach an endpoint than `protocol` names. It is handed the endpoint as it is. */
  readonly transport?: Transport;
  /** Chooses among endpoints, for instance `route(registry, balancer)` of `@otlpkit/balancer`. Default: the one endpoint. */
  readonly route?: Route;
  /** Keeps what is accepted safe until it is delivered, for instance on disk. Stands behind the batcher. */
  readonly queue?: Middleware;
  /** Notes what became of each request. Stands between batcher and queue. */
  readonly audit?: Middleware;
  /** Where variables are looked up. Default: the process's own; `false`: nowhere. */
  readonly environment?: Readonly<Record<string, string | undefined>> | false;
  /**
   * Flushes when the program has nothing left to do, or when the page is hidden, so that nothing recorded is lost.
   * Default true. Signals (SIGTERM) are the program's own business: call `close` there.
   */
  readonly flushAtExit?: boolean;
  /** Told about what is odd but no reason to stop: a variable that makes no sense, a certificate that cannot be read. Default: `console.warn`, each once. */
  readonly onWarning?: (warning: string) => void;
  /** For tests. The clock of deadlines, ms. Default `performance.now`. */
  readonly now?: () => number;
  /** For tests. From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number;
  /** For tests. Runs something later and returns what cancels it. Default `setTimeout`, without holding up the process. */
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
}
