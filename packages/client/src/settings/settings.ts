import type { Compressor, CredentialProvider, Signal } from "@otlpkit/core";
import type { ClientOptions, Protocol, TlsSettings } from "../options.ts";
import type { Resource } from "../resource.ts";

/** Everything about one signal, filled in and checked. No limit is `Infinity`. */
export interface SignalSettings {
  readonly protocol: Protocol;
  /** The endpoint that the transport connects to: for HTTP without the signal's path, if `path` is undefined. */
  readonly url: string;
  /** "": `url` is the whole of it (I-04). Undefined: the protocol's path is added (I-03). */
  readonly path: "" | undefined;
  readonly insecure: boolean;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: CredentialProvider | undefined;
  readonly allowCleartext: boolean;
  readonly compression: "none" | "gzip" | "zstd" | "br" | "deflate" | Compressor;
  readonly timeoutMs: number;
  /** What was asked for; undefined: see `ExportOptions.attemptTimeoutMs`. */
  readonly attemptTimeoutMs: number | undefined;
  readonly tls: TlsSettings | undefined;
  /** The proxy that this endpoint is reached through, with credentials. */
  readonly proxy: string | undefined;
  readonly userAgent: string | undefined;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** Never more than `maxQueueItems`, so that a queue that is full has been sent. */
  readonly maxBatchItems: number;
  readonly maxAgeMs: number;
  readonly maxQueueItems: number;
  /** How long recorded items are tried. By signal, as the environment has it so (`OTEL_BSP_EXPORT_TIMEOUT`). */
  readonly giveUpAfterMs: number;
}

/** What a client is made of: options over environment over defaults. */
export interface Settings {
  readonly signals: Readonly<Record<Signal, SignalSettings>>;
  readonly resource: Resource;
  readonly maxBufferBytes: number;
  readonly whenFull: NonNullable<ClientOptions["whenFull"]>;
  readonly maxConcurrent: number;
  /** `OTEL_SDK_DISABLED` says that nothing is to be sent (I-37). */
  readonly disabled: boolean;
}
