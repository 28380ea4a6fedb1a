import { readFileSync } from "node:fs";
import type { ParseArgsConfig } from "node:util";
import { brotli, compress, deflate, gzip, zstd } from "@otlpkit/compression";
import { ExportError, type Compressor, type Middleware, pipe, type Sender, type Signal, signals } from "@otlpkit/core";
import { toJson } from "@otlpkit/otlp";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import { durationMs } from "./durations.ts";
import { UsageError } from "./usage-error.ts";

/** How OTLP is spoken, in the words of `OTEL_EXPORTER_OTLP_PROTOCOL`. */
export type Protocol = "grpc" | "http/protobuf" | "http/json";

const protocols: readonly Protocol[] = ["grpc", "http/protobuf", "http/json"];

/** The codings by their names on the wire and in `--compression`. */
const compressors: Readonly<Record<string, () => Compressor>> = { gzip, zstd, deflate, br: brotli };

/** Where to send and how: the options that all commands share. */
export interface Destination {
  readonly url: string;
  readonly protocol: Protocol;
  readonly compression: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Tls;
}

/** TLS material as it was named on the command line. */
export interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}

/** For `util.parseArgs`. */
export const destinationOptions = {
  endpoint: { type: "string", short: "e" },
  protocol: { type: "string", short: "p" },
  header: { type: "string", short: "H", multiple: true },
  compression: { type: "string", short: "c" },
  timeout: { type: "string" },
  ca: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  "server-name": { type: "string" },
  "insecure-skip-verify": { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

/** How the shared options are explained. */
export const destinationHelp = `  -e, --endpoint URL       where to send (default http://localhost:4318, or $OTEL_EXPORTER_OTLP_ENDPOINT)
  -p, --protocol NAME      grpc, http/protobuf or http/json (default: grpc for port 4317, else http/protobuf)
  -H, --header NAME=VALUE  sent with every request; may be given several times
  -c, --compression NAME   gzip, zstd, deflate, br or none (default none)
      --timeout DURATION   for one request, retries included (default 10s)
      --ca FILE            trust these authorities (PEM); --cert FILE and --key FILE for mutual TLS
      --server-name NAME   expected in the certificate; --insecure-skip-verify accepts any`;

/** The values that `util.parseArgs` finds for {@link destinationOptions}. */
export interface DestinationValues {
  readonly endpoint?: string | undefined;
  readonly protocol?: string | undefined;
  readonly header?: string[] | undefined;
  readonly compression?: string | undefined;
  readonly timeout?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly "server-name"?: string | undefined;
  readonly "insecure-skip-verify"?: boolean | undefined;
}

/** Checks the shared options and fills in what the environment or the defaults say. @throws UsageError */
export function destination(values: DestinationValues, env: NodeJS.ProcessEnv): Destination {
  const named = values.endpoint ?? (env["OTEL_EXPORTER_OTLP_ENDPOINT"] || undefined);
  const asked = values.protocol ?? (env["OTEL_EXPORTER_OTLP_PROTOCOL"] || undefined);
  const url = endpointUrl(named ?? (asked === "grpc" ? "http://localhost:4317" : "http://localhost:4318"));
  const protocol = (asked?.toLowerCase() ?? (url.port === "4317" ? "grpc" : "http/protobuf")) as Protocol;
  if (!protocols.includes(protocol)) {
    throw new UsageError(`--protocol is one of ${protocols.join(", ")}, not "${protocol}"`);
  }
  const compression = values.compression ?? (env["OTEL_EXPORTER_OTLP_COMPRESSION"] || "none");
  if (compression !== "none" && !Object.hasOwn(compressors, compression)) {
    throw new UsageError(`--compression is one of none, ${Object.keys(compressors).join(", ")}, not "${compression}"`);
  }
  return {
    url: url.href.replace(/\/$/, ""),
    protocol,
    compression,
    timeoutMs: durationMs(values.timeout ?? "10s", "timeout"),
    headers: { ...headerList(env["OTEL_EXPORTER_OTLP_HEADERS"] ?? ""), ...headerOptions(values.header ?? []) },
    tls: {
      ...(values.ca !== undefined && { ca: pem(values.ca, "ca") }),
      ...(values.cert !== undefined && { cert: pem(values.cert, "cert") }),
      ...(values.key !== undefined && { key: pem(values.key, "key") }),
      ...(values["server-name"] !== undefined && { serverName: values["server-name"] }),
      ...(values["insecure-skip-verify"] && { insecureSkipVerify: true }),
    },
  };
}

/** How a command wants its connection. */
export interface ConnectOptions {
  /** Connections at the most. Default: 1. */
  readonly connections?: number;
  /** What stands before the rest of the way: retry, for instance. Default: nothing. */
  readonly stages?: readonly Middleware[];
  /** Compresses even what is too small to be worth it, to find out whether the far side understands. Default: false. */
  readonly compressEverything?: boolean;
}

/**
 * A sender to the destination; `stages` stand before everything else. One attempt a send unless a stage retries.
 *
 * @throws UsageError when the transport refuses a header or a certificate
 */
export function connect(to: Destination, options: ConnectOptions = {}): Sender {
  const { headers, tls } = to;
  const readable = [gzip()];
  const transport =
    to.protocol === "grpc"
      ? grpcTransport({ headers, tls, compressors: readable, connections: options.connections ?? 1 })
      : httpTransport({
          headers,
          tls,
          compressors: readable,
          ...(options.connections && { maxConnections: options.connections }),
        });
  const stages: Middleware[] = [...(options.stages ?? [])];
  if (to.protocol === "http/json") stages.push(toJson());
  const compressor = compressors[to.compression];
  if (compressor) stages.push(compress(compressor(), options.compressEverything ? { minBytes: 0 } : {}));
  try {
    return pipe(...stages, transport.connect({ url: to.url }));
  } catch (error) {
    // What a transport refuses before it has dialled is about the words: a header that is none, a key that is no PEM.
    throw ExportError.is(error) ? new UsageError(error.message) : error;
  }
}

/** Where requests of a signal go, to be shown to a person. */
export function shownUrl({ url, protocol }: Destination, signal: Signal): string {
  return protocol === "grpc" ? url : `${url}${signals[signal].httpPath}`;
}

/** An endpoint as people type it: the scheme may be missing and is http then. */
function endpointUrl(text: string): URL {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) {
    throw new UsageError(`"${text}" is not an endpoint; write it like http://collector:4318 or collector:4317`);
  }
  const url = new URL(full);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new UsageError(`"${text}": an endpoint begins with http:// or https://, not ${url.protocol}//`);
  }
  return url;
}

function headerOptions(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((text) => {
      const at = text.indexOf("=");
      if (at < 1) throw new UsageError("--header takes NAME=VALUE");
      return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
    }),
  );
}

/** `OTEL_EXPORTER_OTLP_HEADERS`: `k=v,k=v`, values percent-encoded (I-12). What cannot be read is left out. */
function headerList(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const member of text.split(",")) {
    const at = member.indexOf("=");
    if (at < 1) continue;
    const value = member.slice(at + 1).trim();
    try {
      headers[member.slice(0, at).trim().toLowerCase()] = decodeURIComponent(value);
    } catch {
      // A bad escape: the member is not what its author meant, and a wrong header is worse than none.
    }
  }
  return headers;
}

function pem(path: string, option: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--${option}: cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
}
