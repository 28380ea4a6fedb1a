import {
  check,
  choice,
  duration,
  ignored,
  or,
  optional,
  present,
  record,
  section,
  type SectionOf,
  text,
  unsupported,
} from "@otlpkit/config";
import { gzip } from "@otlpkit/compression";
import { definePlugin, type Transport } from "@otlpkit/core";
import type { Destination, ExporterContext } from "../component.ts";
import { authenticated, exporterAuth } from "../settings/auth.ts";
import { balancerConfig } from "../settings/balancer.ts";
import { compressionParameters, compressionStage } from "../settings/compression.ts";
import { discoveryConfig } from "../settings/discovery.ts";
import { sendingQueueConfig } from "../settings/queue.ts";
import { retryOnFailure } from "../settings/retry-on-failure.ts";
import { sparingKeys } from "../settings/sparing.ts";
import { clientTls, readClientTls } from "../settings/tls.ts";
import { otlpDestination } from "./otlp-stack.ts";
import { wayTo } from "./way.ts";

/** How OTLP is spoken over gRPC, wherever it goes. */
export const grpcKeys = {
  tls: clientTls,
  compression: or(choice("gzip", "zstd", "deflate", "none", ""), "gzip"),
  compression_params: compressionParameters,
  headers: record(text),
  timeout: or(duration, 5_000),
  keepalive: section({
    time: optional(duration),
    timeout: optional(duration),
    permit_without_stream: ignored("an idle connection is not pinged"),
  }),
  user_agent: optional(text),
  balancer_name: ignored("balancer says more"),
  wait_for_ready: ignored("a connection that cannot be opened is retried"),
  read_buffer_size: ignored("buffers are sized by what arrives"),
  write_buffer_size: ignored("buffers are sized by what is sent"),
  authority: unsupported("use tls.server_name_override"),
  auth: exporterAuth,
  /** Ours. */
  engine: or(choice("http2", "grpc-js"), "http2"),
};

const config = check(
  section({
    ...grpcKeys,
    endpoint: optional(
      check(text, (endpoint) =>
        grpcUrl(endpoint, true) === undefined ? 'must be an address such as "collector:4317"' : undefined,
      ),
    ),
    retry_on_failure: retryOnFailure,
    sending_queue: sendingQueueConfig,
    ...sparingKeys,
    /** Ours: endpoints that are found, in place of one that is written, and who of them gets what. */
    discovery: present(discoveryConfig),
    balancer: balancerConfig,
  }),
  ({ endpoint, discovery }) =>
    (endpoint === undefined) === (discovery === undefined) ? "needs endpoint or discovery" : undefined,
);

/** `otlp` (also `otlp_grpc`): OTLP over gRPC. */
export const otlpGrpcExporter = definePlugin({
  kind: "exporter",
  names: ["otlp", "otlp_grpc"],
  config,
  async create(settings, context: ExporterContext): Promise<Destination> {
    const { endpoint, tls } = settings;
    const transport = await grpcTransportOf(settings, context);
    const destinations = {
      url: endpoint === undefined ? undefined : grpcUrl(endpoint, tls.insecure),
      discovery: settings.discovery,
      balancer: settings.balancer,
      scheme: tls.insecure ? ("http" as const) : ("https" as const),
      port: 4317,
      timeoutMs: settings.timeout,
    };
    const encode = await compressionStage(settings.compression, settings.compression_params.level);
    return otlpDestination(
      {
        ...(await wayTo(transport, destinations, encode, context)),
        queue: settings.sending_queue,
        retry: settings.retry_on_failure,
        circuitBreaker: settings.circuit_breaker,
        adaptiveConcurrency: settings.adaptive_concurrency,
        isBalanced: settings.discovery !== undefined,
        label: "gRPC",
      },
      context,
    );
  },
});

/** The transport that these settings describe, with credentials if they name some. */
export async function grpcTransportOf(
  settings: SectionOf<typeof grpcKeys>,
  context: ExporterContext,
): Promise<Transport> {
  const options = {
    headers: settings.headers,
    tls: await readClientTls(settings.tls, context),
    compressors: [gzip()],
    ...(settings.user_agent === undefined ? {} : { userAgent: settings.user_agent }),
    ...(settings.keepalive.time === undefined ? {} : { keepaliveMs: settings.keepalive.time }),
    ...(settings.keepalive.timeout === undefined ? {} : { keepaliveTimeoutMs: settings.keepalive.timeout }),
    onWarning: (warning: string) => context.log.warn(warning),
  };
  const transport =
    settings.engine === "grpc-js"
      ? (await import("@otlpkit/transport-grpc/grpc-js")).grpcJsTransport(options)
      : (await import("@otlpkit/transport-grpc")).grpcTransport(options);
  return authenticated(transport, settings.auth, context);
}

/** An endpoint as the Collector writes it, as an URL: the scheme decides about TLS, and without one `insecure` does. */
function grpcUrl(endpoint: string, insecure: boolean): string | undefined {
  if (endpoint.startsWith("unix:")) return endpoint;
  const plain = endpoint.replace(/^(?:dns|passthrough):\/{0,3}/u, "");
  const url = plain.includes("://") ? plain : `${insecure ? "http" : "https"}://${plain}`;
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname } = new URL(url);
  return /^https?:$/u.test(protocol) && hostname !== "" ? url : undefined;
}
