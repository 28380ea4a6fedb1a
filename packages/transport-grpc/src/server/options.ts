import {
  type Authenticator,
  type ByteBudget,
  type Compressor,
  type ExportError,
  fairBudget,
  type Live,
  type Signal,
} from "@otlpkit/core";
import type { Pem, TlsRules } from "../tls.ts";
import type { ServingStatus } from "./health.ts";

/** Certificates of a server, each in PEM, text or bytes; `listen` throws ExportError "rejected" for what is none. */
export interface ServerTls extends TlsRules {
  readonly cert: Pem;
  readonly key: Pem;
  /** Authorities that client certificates must come from. */
  readonly ca?: Pem | readonly Pem[];
  /** Hangs up on clients without a certificate from `ca`. Default: false. */
  readonly requireClientCert?: boolean;
  /**
   * Asks for a certificate and lets in who has none, for an `authenticator` that takes other proofs as well. Default: false.
   * grpc-js can't; there it is as if it were not said.
   */
  readonly askClientCert?: boolean;
}

/** A request that never reached the pipeline. */
export interface Refusal {
  /** Absent when it was not even clear what the request was about. */
  readonly signal?: Signal;
  /** Absent when it named none. */
  readonly tenant?: string;
  /** Where it came from, of those who were not let in; absent on Unix sockets, and where TLS was refused. */
  readonly address?: string;
  /** "unauthenticated" also stands for a handshake that failed; the reason is the `cause`. */
  readonly error: ExportError;
}

/** Says of a refusal what is known. */
export function refusalOf(
  signal: Signal | undefined,
  tenant: string | undefined,
  error: ExportError,
  address = "",
): Refusal {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(address === "" ? {} : { address }),
    error,
  };
}

/** Options of both server engines. */
export interface GrpcReceiverOptions {
  /** Default: "127.0.0.1", so that nobody offers a port to the network by accident. */
  readonly host?: string;
  /** 0 takes a free one, see `Listening.address`. Default: 4317. */
  readonly port?: number;
  /** Listens on a Unix socket instead of host and port. One that a killed program has left behind is replaced. */
  readonly path?: string;
  /** Services offered; the others answer UNIMPLEMENTED (B-19). Default: all four. */
  readonly signals?: readonly Signal[];
  /** What is accepted besides identity. A gRPC server should accept gzip (B-01). Default: none. */
  readonly compressors?: readonly Compressor[];
  /** Larger requests are refused with RESOURCE_EXHAUSTED, before and after decompression (B-02, B-04). Default: 64 MiB. */
  readonly maxRequestBytes?: number;
  /** Answers are shortened to fit (B-10, B-11). Default: 4 MiB. */
  readonly maxResponseBytes?: number;
  /**
   * Bytes of requests being read, decompressed or awaiting an answer, perhaps shared with other receivers. What does not
   * fit is refused with UNAVAILABLE (B-15), and no request may be larger. Default: a `fairBudget` of its own of 256 MiB.
   */
  readonly budget?: ByteBudget;
  /** How long those are asked to stay away whom a budget has no room for that can't tell. Default: 1,000. */
  readonly retryAfterMs?: number;
  /**
   * The request header that says whose data these are: for fair shares of the budget, and for `batch.tenant`. It is
   * believed, so let only those write it who may. Default: none, all are one tenant.
   */
  readonly tenantHeader?: string;
  /**
   * Finds out who is asking before the message is read; who can't say is refused with UNAUTHENTICATED or PERMISSION_DENIED.
   * The tenant that credentials name wins over `tenantHeader`. Default: nobody is asked.
   */
  readonly authenticator?: Authenticator;
  /**
   * Default: plain HTTP/2. What may change (`tlsFiles` of `@otlpkit/auth/tls`) is used for new connections; grpc-js takes it
   * as it is when it begins to listen.
   */
  readonly tls?: ServerTls | Live<ServerTls>;
  /** Request headers, lower case, that are copied to `batch.headers`. Default: none. */
  readonly onwardHeaders?: readonly string[];
  /**
   * Answers `grpc.health.v1` (Check and Watch), which orchestrators and Consul ask. The services offered here serve as
   * long as the whole does; other names are asked of it. Nobody is asked for credentials. Default: UNIMPLEMENTED.
   */
  readonly health?: ServingStatus;
  /** Told about requests that never reached the pipeline. Must not throw. Default: nobody is told. */
  readonly onRefused?: (refusal: Refusal) => void;
  /** Calls at a time on one connection. Default: 256. */
  readonly maxConcurrentStreams?: number;
  /** Bytes of all headers of a request. Default: 16,384. */
  readonly maxHeaderBytes?: number;
  /** How long a request may take to arrive, from its headers to its last byte. Default: 30,000. */
  readonly messageTimeoutMs?: number;
  /** A connection that has been silent for so long is pinged; 0 is off. Default: 60,000. */
  readonly keepaliveMs?: number;
  /** A ping that is not answered within this time ends the connection. Default: 20,000. */
  readonly keepaliveTimeoutMs?: number;
  /** A connection without a call for so long is told to go (GOAWAY); 0 is off, the default. Seen at each `keepaliveMs`. */
  readonly maxIdleMs?: number;
  /**
   * Streams that a client may reset at once, and per second from then on, before it is hung up on (the "rapid reset"
   * attack). Default: 1,000 and 100. Node 20 does not take these numbers; there 1,000 and 33 are in force.
   */
  readonly maxResets?: { readonly burst: number; readonly perSecond: number };
}

/** The options with defaults filled in. */
export type FilledReceiverOptions = Required<
  Omit<GrpcReceiverOptions, "authenticator" | "health" | "path" | "tls" | "tenantHeader">
> &
  Pick<GrpcReceiverOptions, "authenticator" | "health" | "path" | "tls"> & {
    readonly tenantHeader: string | undefined;
  };

const mebibyte = 1_048_576;

/** Fills in defaults and checks limits, once, at the door. @throws RangeError when a number makes no sense. */
export function filledReceiver(options: GrpcReceiverOptions): FilledReceiverOptions {
  // Headroom is for tenants that come later, so it is kept where there are tenants.
  const headroom = options.tenantHeader === undefined ? { headroom: 0 } : {};
  const budget = options.budget ?? fairBudget({ maxBytes: 256 * mebibyte, ...headroom });
  const all: FilledReceiverOptions = {
    ...options,
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 4317,
    signals: options.signals ?? ["traces", "metrics", "logs", "profiles"],
    compressors: options.compressors ?? [],
    maxRequestBytes: Math.min(options.maxRequestBytes ?? 64 * mebibyte, budget.largestBytes),
    maxResponseBytes: options.maxResponseBytes ?? 4 * mebibyte,
    budget,
    retryAfterMs: options.retryAfterMs ?? 1_000,
    tenantHeader: options.tenantHeader?.toLowerCase(),
    onwardHeaders: (options.onwardHeaders ?? []).map((name) => name.toLowerCase()),
    onRefused: options.onRefused ?? (() => {}),
    maxConcurrentStreams: options.maxConcurrentStreams ?? 256,
    maxHeaderBytes: options.maxHeaderBytes ?? 16_384,
    messageTimeoutMs: options.messageTimeoutMs ?? 30_000,
    keepaliveMs: options.keepaliveMs ?? 60_000,
    keepaliveTimeoutMs: options.keepaliveTimeoutMs ?? 20_000,
    maxIdleMs: options.maxIdleMs ?? 0,
    maxResets: options.maxResets ?? { burst: 1_000, perSecond: 100 },
  };
  for (const name of [
    "maxRequestBytes",
    "maxResponseBytes",
    "maxConcurrentStreams",
    "maxHeaderBytes",
    "messageTimeoutMs",
    "keepaliveTimeoutMs",
  ] as const) {
    if (!(all[name] > 0)) throw new RangeError(`gRPC receiver: ${name} must be above 0, not ${all[name]}`);
  }
  if (!(all.keepaliveMs >= 0)) throw new RangeError("gRPC receiver: keepaliveMs must be 0 (off) or more");
  return all;
}
