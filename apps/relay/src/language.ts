import {
  bytes,
  check,
  choice,
  type Configuration,
  duration,
  flag,
  hostPort,
  ignored,
  integer,
  type Language,
  optional,
  or,
  present,
  type Read,
  record,
  section,
  shape,
  text,
} from "@otlpkit/config";
import { debugExporter } from "./exporters/debug.ts";
import { fileExporter } from "./exporters/file/file-exporter.ts";
import { loadBalancingExporter } from "./exporters/load-balancing.ts";
import { nopExporter } from "./exporters/nop.ts";
import { otlpGrpcExporter } from "./exporters/otlp-grpc.ts";
import { otlpHttpExporter } from "./exporters/otlp-http.ts";
import { basicAuthExtension } from "./extensions/basic-auth.ts";
import { bearerTokenAuthExtension } from "./extensions/bearer-token-auth.ts";
import { headersSetterExtension } from "./extensions/headers-setter.ts";
import { mtlsAuthExtension } from "./extensions/mtls-auth.ts";
import { oauth2ClientExtension } from "./extensions/oauth2-client.ts";
import { oidcExtension } from "./extensions/oidc.ts";
import { fileStorageExtension } from "./extensions/file-storage.ts";
import { healthCheckExtension } from "./extensions/health-check.ts";
import { batchProcessor } from "./processors/batch.ts";
import { memoryLimiterProcessor } from "./processors/memory-limiter.ts";
import { otlpReceiver } from "./receivers/otlp.ts";
import { checkReferences } from "./references.ts";
import { tenantsConfig } from "./settings/tenants.ts";
import { auditConfig } from "./settings/audit.ts";
import { registrationConfig } from "./settings/discovery.ts";
import { monitorConfig } from "./settings/monitor.ts";
import { ownTraces } from "./settings/own-traces.ts";

const plugins = {
  receivers: [otlpReceiver],
  processors: [batchProcessor, memoryLimiterProcessor],
  exporters: [otlpGrpcExporter, otlpHttpExporter, loadBalancingExporter, fileExporter, debugExporter, nopExporter],
  connectors: [],
  extensions: [
    healthCheckExtension,
    fileStorageExtension,
    bearerTokenAuthExtension,
    basicAuthExtension,
    oauth2ClientExtension,
    oidcExtension,
    mtlsAuthExtension,
    headersSetterExtension,
  ],
};

const telemetry = section({
  metrics: section({
    level: or(choice("none", "basic", "normal", "detailed"), "normal"),
    address: optional(hostPort),
    readers: ignored(
      "metrics are served as Prometheus text at service.status, and at service.telemetry.metrics.address",
    ),
    views: ignored("all metrics are served"),
  }),
  logs: section({
    level: or(
      shape((value, path, report) => {
        const word = typeof value === "string" ? value.toLowerCase() : value;
        return choice("debug", "info", "warn", "error").read(word, path, report);
      }),
      "info",
    ),
    encoding: or(choice("console", "json"), "console"),
    development: ignored("there is one kind of log"),
    disable_caller: ignored("no callers are logged"),
    disable_stacktrace: ignored("stack traces are logged at level debug only"),
    /** How often one message may be repeated; by default five times in ten seconds, which is quieter than the Collector. */
    sampling: present(
      section({
        enabled: or(flag, true),
        tick: or(duration, 10_000),
        initial: or(integer({ min: 0 }), 10),
        thereafter: or(integer({ min: 0 }), 100),
      }),
    ),
    output_paths: ignored("the log goes to standard error"),
    error_output_paths: ignored("the log goes to standard error"),
    initial_fields: record(text),
    processors: ignored("the log is not exported"),
  }),
  traces: ownTraces,
  resource: ignored("metrics carry no resource"),
});

const service = {
  telemetry,
  /** Ours: where health and metrics are. */
  // Nobody chose the default place: when it is taken, a relay goes on without.
  status: section({ enabled: or(flag, true), endpoint: optional(hostPort) }),
  monitor: monitorConfig,
  /** Ours: bytes of requests under way at most. */
  memory_budget: optional(check(bytes, (size) => (size >= 1_048_576 ? undefined : "must be at least 1MiB"))),
  /** Ours: who shares this relay, so that nobody takes it all. */
  tenants: tenantsConfig,
  /** Ours: who sent what, and what became of it. */
  audit: auditConfig,
  /** Ours: where the relay tells others that it is there. */
  registration: present(registrationConfig),
  /** Ours: how long stopping may take. */
  drain_timeout: or(duration, 10_000),
};

type Service = { readonly [K in keyof typeof service]: Read<(typeof service)[K]> };

/** What a configuration of the relay may say. */
export const language: Language<typeof plugins, Service> = {
  plugins,
  service,
  check: ({ receivers, processors, exporters, extensions }, report) =>
    checkReferences([receivers, processors, exporters].flatMap(configsOf), extensions, report),
};

function configsOf(components: ReadonlyMap<string, { readonly config: unknown }>): unknown[] {
  return [...components.values()].map(({ config }) => config);
}

export type RelayConfiguration = Configuration<typeof plugins, Service>;
