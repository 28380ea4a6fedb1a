import type { Compressor } from "@otlpkit/core";
import type { ClientOptions, Protocol } from "../options.ts";
import { warn } from "./diagnostics.ts";
import { type ExportedSignal, ofOneSignal } from "./one-signal.ts";

/** Options that all official exporters take, under their names. Those of {@link ClientOptions} can be given as well. */
export interface OTLPExporterConfigBase extends Omit<
  ClientOptions,
  "compression" | "credentials" | "headers" | "userAgent"
> {
  /** Default: what the environment says, or this machine. */
  readonly url?: string | undefined;
  /** How long one export may take, retries and waiting included, in ms. Default 10,000; 0: no limit. */
  readonly timeoutMillis?: number | undefined;
  /** Requests under way at one time. Default 30; what comes beyond waits, within `maxBufferBytes`. */
  readonly concurrencyLimit?: number | undefined;
  /** Default "none". */
  readonly compression?: "none" | "gzip" | "zstd" | "br" | "deflate" | Compressor | undefined;
  /** Put in front of our own User-Agent. */
  readonly userAgent?: string | undefined;
  /** Taken, and not used. */
  readonly selfObsMeterProvider?: unknown;
}

/** What those options say in the words of a client. What only one protocol has is left to the caller. */
export function clientOptions(
  signal: ExportedSignal,
  protocol: Protocol,
  config: OTLPExporterConfigBase,
): ClientOptions {
  const { url, timeoutMillis, concurrencyLimit, compression, userAgent, selfObsMeterProvider: _, ...ours } = config;
  return {
    onWarning: warn,
    ...ours,
    protocol,
    ...(timeoutMillis === undefined ? {} : { timeoutMs: timeoutMillis }),
    ...(concurrencyLimit === undefined ? {} : { maxConcurrent: concurrencyLimit }),
    ...(compression === undefined ? {} : { compression }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...ofOneSignal,
    [signal]: { ...ours[signal], ...(url === undefined ? {} : { endpoint: url }) },
  };
}
