import {
  bytes,
  check,
  choice,
  duration,
  flag,
  type HostPort,
  hostPort,
  ignored,
  integer,
  list,
  map,
  optional,
  or,
  present,
  section,
  type SectionOf,
  shape,
  text,
} from "@otlpkit/config";
import { definePlugin, type Signal } from "@otlpkit/core";
import { refusedRequests } from "@otlpkit/telemetry";
import type { Door, ReceiverContext } from "../component.ts";
import { listenHost } from "../settings/listen-host.ts";
import { readable } from "../settings/compression.ts";
import { authenticatorOf, receiverAuth } from "../settings/auth.ts";
import { readServerTls, serverTls } from "../settings/tls.ts";

const mebibyte = 1_048_576;
const pooled = ignored("buffers are sized by what arrives");

const common = {
  tls: present(serverTls),
  include_metadata: or(flag, false),
  /** Ours: request headers sent onward with the items, whatever the processors do. */
  onward_headers: list(map(text, (name) => name.toLowerCase())),
  auth: receiverAuth,
};

const grpcKeys = {
  ...common,
  /** Text, because it is a path when the transport is unix. */
  endpoint: or(text, "localhost:4317"),
  transport: or(choice("tcp", "unix"), "tcp"),
  max_recv_msg_size_mib: or(integer({ min: 1, max: 2048 }), 64),
  max_concurrent_streams: optional(integer({ min: 1 })),
  read_buffer_size: pooled,
  write_buffer_size: pooled,
  keepalive: section({
    server_parameters: section({
      max_connection_idle: optional(duration),
      max_connection_age: ignored("connections are not closed for their age"),
      max_connection_age_grace: ignored("connections are not closed for their age"),
      time: optional(duration),
      timeout: optional(duration),
    }),
    enforcement_policy: ignored("pings of senders are answered, and limited as all frames are"),
  }),
  /** Ours. */
  engine: or(choice("http2", "grpc-js"), "http2"),
  /** Ours: answers grpc.health.v1, which orchestrators and Consul ask. */
  health: or(flag, true),
};

const httpKeys = {
  ...common,
  endpoint: or(text, "localhost:4318"),
  transport: or(choice("tcp", "unix"), "tcp"),
  max_request_body_size: or(
    check(bytes, (size) => (size > 0 ? undefined : "must be above 0")),
    64 * mebibyte,
  ),
  cors: present(
    section({
      allowed_origins: list(text),
      allowed_headers: list(text),
      exposed_headers: ignored("retry-after is exposed, and nothing else is of use"),
      max_age: optional(integer({ min: 0 })),
    }),
  ),
  traces_url_path: optional(text),
  metrics_url_path: optional(text),
  logs_url_path: optional(text),
  profiles_url_path: optional(text),
  read_header_timeout: optional(duration),
  read_timeout: optional(duration),
  idle_timeout: optional(duration),
  write_timeout: ignored("an answer is a few bytes"),
  keep_alives_enabled: ignored("connections are kept"),
  response_headers: ignored("not sent"),
  compression_algorithms: ignored("gzip, zstd, deflate and br are accepted"),
  /** Ours: a sender is told to come back rather than left waiting longer than this. */
  answer_timeout: or(duration, 30_000),
};

const config = section({
  protocols: check(section({ grpc: present(section(grpcKeys)), http: present(section(httpKeys)) }), ({ grpc, http }) =>
    grpc === undefined && http === undefined ? "needs grpc, http or both" : undefined,
  ),
});

/** `otlp`: takes OTLP over gRPC and HTTP. */
export const otlpReceiver = definePlugin({
  kind: "receiver",
  names: ["otlp"],
  config: checkedEndpoints(config),
  async create({ protocols: { grpc, http } }, context: ReceiverContext): Promise<readonly Door[]> {
    const doors: Door[] = [];
    if (grpc !== undefined) doors.push(await grpcDoor(grpc, context));
    if (http !== undefined) doors.push(await httpDoor(http, context));
    return doors;
  },
});

async function grpcDoor(config: SectionOf<typeof grpcKeys>, context: ReceiverContext): Promise<Door> {
  const { max_connection_idle, time, timeout } = config.keepalive.server_parameters;
  const options = {
    ...(await commonOptions(config, context, "grpc")),
    maxRequestBytes: config.max_recv_msg_size_mib * mebibyte,
    ...(config.health ? { health: context.health } : {}),
    ...(config.max_concurrent_streams === undefined ? {} : { maxConcurrentStreams: config.max_concurrent_streams }),
    ...(max_connection_idle === undefined ? {} : { maxIdleMs: max_connection_idle }),
    ...(time === undefined ? {} : { keepaliveMs: time }),
    ...(timeout === undefined ? {} : { keepaliveTimeoutMs: timeout }),
  };
  // Imported when asked for: grpc-js costs 60 ms and 20 MiB at the start.
  const receiver =
    config.engine === "grpc-js"
      ? (await import("@otlpkit/transport-grpc/grpc-js")).grpcJsReceiver(options)
      : (await import("@otlpkit/transport-grpc/server")).grpcReceiver(options);
  return door(receiver, "gRPC", config, context, "grpc");
}

async function httpDoor(config: SectionOf<typeof httpKeys>, context: ReceiverContext): Promise<Door> {
  const { httpReceiver } = await import("@otlpkit/transport-http/server");
  const paths: [Signal, string | undefined][] = [
    ["traces", config.traces_url_path],
    ["metrics", config.metrics_url_path],
    ["logs", config.logs_url_path],
    ["profiles", config.profiles_url_path],
  ];
  const receiver = httpReceiver({
    ...(await commonOptions(config, context, "http")),
    maxRequestBytes: config.max_request_body_size,
    paths: Object.fromEntries(paths.filter(([, path]) => path !== undefined)),
    ...(config.answer_timeout > 0 ? { answerTimeoutMs: config.answer_timeout } : {}),
    ...(config.read_header_timeout === undefined ? {} : { headersTimeoutMs: config.read_header_timeout }),
    ...(config.read_timeout === undefined ? {} : { requestTimeoutMs: config.read_timeout }),
    ...(config.idle_timeout === undefined ? {} : { keepAliveTimeoutMs: config.idle_timeout }),
    ...(config.cors === undefined || config.cors.allowed_origins.length === 0
      ? {}
      : {
          cors: {
            allowedOrigins: config.cors.allowed_origins,
            allowedHeaders: config.cors.allowed_headers,
            ...(config.cors.max_age === undefined ? {} : { maxAgeSeconds: config.cors.max_age }),
          },
        }),
  });
  return door(receiver, "HTTP", config, context, "http");
}

/** What both doors tell of a request that they refused. */
interface Refusal {
  readonly signal?: Signal;
  readonly tenant?: string;
  readonly address?: string;
  readonly error: Error & { readonly code: string };
}

type Common = Pick<
  SectionOf<typeof grpcKeys>,
  "endpoint" | "transport" | "tls" | "auth" | "include_metadata" | "onward_headers"
>;

async function commonOptions(config: Common, context: ReceiverContext, transport: "grpc" | "http") {
  const refused = refusedRequests(context.metrics, { receiver: context.id, transport });
  const onwardHeaders = [...config.onward_headers, ...(config.include_metadata ? context.metadataKeys : [])];
  return {
    ...(config.transport === "unix" ? { path: config.endpoint } : tcp(config.endpoint)),
    signals: context.signals,
    ...authenticatorOf(config.auth, context),
    compressors: await readable(),
    budget: context.budget,
    ...(context.tenants.header === undefined ? {} : { tenantHeader: context.tenants.header }),
    ...(config.tls === undefined ? {} : { tls: await readServerTls(config.tls, context) }),
    onwardHeaders: [...new Set(onwardHeaders)],
    onRefused({ signal, tenant, address, error }: Refusal): void {
      refused(error.code);
      if (tenant !== undefined) context.tenants.refused(tenant, error.code);
      const unknown = error.code === "unauthenticated";
      if (unknown || error.code === "forbidden") {
        context.audit.sum({
          action: unknown ? "authentication.failed" : "authorization.denied",
          outcome: "failure",
          actor: "unknown",
          target: context.id,
          reason: (error.cause as Error | undefined)?.message ?? error.message,
          facts: { transport, ...(address === undefined ? {} : { address }) },
        });
      }
      context.log.warn("refused a request", { transport, signal, tenant, address, code: error.code, error });
    },
  };
}

function door(
  receiver: Door["receiver"],
  label: string,
  config: Common,
  context: ReceiverContext,
  protocol: string,
): Door {
  const scheme = config.transport === "unix" ? "unix" : config.tls === undefined ? "http" : "https";
  return { receiver, label, scheme, key: `receivers.${context.id}.protocols.${protocol}.endpoint` };
}

function tcp(endpoint: string): HostPort {
  const address = addressOf(endpoint);
  return { host: listenHost(address?.host ?? ""), port: address?.port ?? 0 };
}

function addressOf(endpoint: string): HostPort | undefined {
  let failed = false;
  const address = hostPort.read(endpoint, [], () => void (failed = true));
  return failed ? undefined : address;
}

/** An endpoint is an address or a path, depending on the transport beside it. */
function checkedEndpoints(inner: typeof config): typeof config {
  return shape((value, path, report) => {
    const read = inner.read(value, path, report);
    for (const [name, protocol] of Object.entries(read.protocols ?? {})) {
      if (
        protocol?.transport === "tcp" &&
        protocol.endpoint !== undefined &&
        addressOf(protocol.endpoint) === undefined
      ) {
        const message = 'must be an address such as "localhost:4317", without a scheme';
        report("error", [...path, "protocols", name, "endpoint"], message);
      }
    }
    return read;
  });
}
