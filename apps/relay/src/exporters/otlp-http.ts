import {
  check,
  choice,
  duration,
  ignored,
  integer,
  optional,
  or,
  present,
  record,
  section,
  type SectionOf,
  text,
  unsupported,
} from "@otlpkit/config";
import { gzip } from "@otlpkit/compression";
import { definePlugin, ExportError, type Sender, type Signal, signalNames, type Transport } from "@otlpkit/core";
import { toJson } from "@otlpkit/otlp";
import type { HttpTransportOptions } from "@otlpkit/transport-http";
import type { Destination, ExporterContext } from "../component.ts";
import { balancerConfig } from "../settings/balancer.ts";
import { compressionParameters, compressionStage } from "../settings/compression.ts";
import { discoveryConfig } from "../settings/discovery.ts";
import { sendingQueueConfig } from "../settings/queue.ts";
import { retryOnFailure } from "../settings/retry-on-failure.ts";
import { sparingKeys } from "../settings/sparing.ts";
import { authenticated, exporterAuth } from "../settings/auth.ts";
import { clientTls, readClientTls } from "../settings/tls.ts";
import { shownUrl } from "../shown-url.ts";
import { bySignalSender, otlpDestination } from "./otlp-stack.ts";
import { wayTo } from "./way.ts";

const url = check(text, (value) =>
  /^(?:https?|unix):/iu.test(value) && (value.startsWith("unix:") || URL.canParse(value))
    ? undefined
    : 'must be an URL such as "https://collector:4318"',
);

const keys = {
  endpoint: optional(url),
  traces_endpoint: optional(url),
  metrics_endpoint: optional(url),
  logs_endpoint: optional(url),
  profiles_endpoint: optional(url),
  encoding: or(choice("proto", "json"), "proto"),
  tls: clientTls,
  compression: or(choice("gzip", "zstd", "deflate", "zlib", "br", "none", ""), "gzip"),
  compression_params: compressionParameters,
  headers: record(text),
  timeout: or(duration, 30_000),
  retry_on_failure: retryOnFailure,
  sending_queue: sendingQueueConfig,
  ...sparingKeys,
  max_conns_per_host: optional(integer({ min: 0 })),
  max_idle_conns: ignored("as many connections are kept as are used"),
  max_idle_conns_per_host: ignored("as many connections are kept as are used"),
  idle_conn_timeout: optional(duration),
  user_agent: optional(text),
  disable_keep_alives: ignored("connections are kept"),
  force_attempt_http2: ignored("HTTP/1.1 is used"),
  http2_read_idle_timeout: ignored("HTTP/1.1 is used"),
  http2_ping_timeout: ignored("HTTP/1.1 is used"),
  read_buffer_size: ignored("buffers are sized by what arrives"),
  write_buffer_size: ignored("buffers are sized by what is sent"),
  proxy_url: unsupported("proxies are not spoken to"),
  auth: exporterAuth,
  /** Ours: endpoints that are found, in place of those that are written, and who of them gets what. */
  discovery: present(discoveryConfig),
  balancer: balancerConfig,
  /** Ours, with discovery: how endpoints are reached that say nothing of it. */
  scheme: or(choice("http", "https"), "http"),
};

const config = check(section(keys), ({ discovery, ...settings }) => {
  if (discovery === undefined) return undefined;
  const fixed = (["endpoint", ...signalNames.map((signal) => `${signal}_endpoint` as const)] as const).find(
    (key) => settings[key] !== undefined,
  );
  return fixed === undefined ? undefined : `${fixed} and discovery exclude each other`;
});

/** `otlphttp` (also `otlp_http`): OTLP over HTTP, protobuf or JSON. */
export const otlpHttpExporter = definePlugin({
  kind: "exporter",
  names: ["otlphttp", "otlp_http"],
  config,
  async create(settings, context: ExporterContext): Promise<Destination> {
    const { httpTransport } = await import("@otlpkit/transport-http");
    const { adaptive_concurrency: adaptive, sending_queue: queue } = settings;
    const options = {
      headers: settings.headers,
      tls: await readClientTls(settings.tls, context),
      compressors: [gzip()],
      // As many as the queue lets through at a time; a connection carries one request.
      maxConnections: settings.max_conns_per_host || (adaptive.enabled ? adaptive.max : queue.num_consumers),
      ...(settings.idle_conn_timeout === undefined ? {} : { idleTimeoutMs: settings.idle_conn_timeout || 2 ** 31 - 1 }),
      ...(settings.user_agent === undefined ? {} : { userAgent: settings.user_agent }),
    };
    const transportWith = (own: HttpTransportOptions): Transport =>
      authenticated(httpTransport(own), settings.auth, context);
    const encode = [
      ...(settings.encoding === "json" ? [toJson()] : []),
      ...(await compressionStage(settings.compression, settings.compression_params.level)),
    ];
    const way =
      settings.discovery === undefined
        ? {
            encode,
            connection: bySignalSender(fixedSenders(settings, context.signals, options, transportWith)),
            timeoutMs: settings.timeout,
            target: targetOf(settings, context.signals),
          }
        : await wayTo(
            transportWith(options),
            {
              url: undefined,
              discovery: settings.discovery,
              balancer: settings.balancer,
              scheme: settings.scheme,
              port: 4318,
              timeoutMs: settings.timeout,
            },
            encode,
            context,
          );
    return otlpDestination(
      {
        ...way,
        queue,
        retry: settings.retry_on_failure,
        circuitBreaker: settings.circuit_breaker,
        adaptiveConcurrency: adaptive,
        isBalanced: settings.discovery !== undefined,
        label: settings.encoding === "json" ? "HTTP/JSON" : "HTTP",
      },
      context,
    );
  },
});

/** One sender for each signal, to the endpoint that is written for it. */
function fixedSenders(
  settings: SectionOf<typeof keys>,
  signals: readonly Signal[],
  options: HttpTransportOptions,
  transportWith: (options: HttpTransportOptions) => Transport,
): Map<Signal, Sender> {
  const senders = new Map<Signal, Sender>();
  const base = settings.endpoint === undefined ? undefined : transportWith(options).connect({ url: settings.endpoint });
  for (const signal of signals) {
    const own = settings[`${signal}_endpoint`];
    // A signal's own endpoint is taken as it stands (I-04).
    const sender =
      own === undefined ? base : transportWith({ ...options, paths: { [signal]: "" } }).connect({ url: own });
    if (sender === undefined) throw noEndpoint(signal);
    senders.set(signal, sender);
  }
  return senders;
}

function noEndpoint(signal: Signal): ExportError {
  return new ExportError(
    "rejected",
    `a pipeline sends ${signal} here, but neither endpoint nor ${signal}_endpoint is given`,
  );
}

/** Where data go, without what may be a secret. */
function targetOf(settings: SectionOf<typeof keys>, signals: readonly Signal[]): string {
  const targets = signals.map((signal) => settings[`${signal}_endpoint`] ?? settings.endpoint ?? "");
  return [...new Set(targets)].map(shownUrl).join(", ");
}
