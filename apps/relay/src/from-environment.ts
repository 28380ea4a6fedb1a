import type { Environment } from "@otlpkit/config";
import { type Signal, signalNames } from "@otlpkit/core";
import { parseHeaders } from "./parse-headers.ts";

/** A configuration made up for someone who gave none. */
export interface MadeConfiguration {
  /** What a file would have been read as, so that there is one way to run. */
  readonly value: unknown;
  /** What in the environment was not understood. */
  readonly warnings: readonly string[];
}

/** Where one signal goes. */
interface Target {
  readonly type: "otlp" | "otlphttp";
  readonly settings: Readonly<Record<string, unknown>>;
}

const addresses = { grpc: "127.0.0.1:4317", http: "127.0.0.1:4318" };

/**
 * What the relay does without a file: receives on the ports of OTLP, on this machine only, and writes files, or
 * forwards to where `OTLP_ENDPOINT` or OpenTelemetry's own variables point. Empty is unset everywhere (I-19).
 */
export function configurationFromEnvironment(environment: Environment): MadeConfiguration {
  const warnings: string[] = [];
  const get = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const targets = signalNames.map((signal) => targetOf(signal, get, warnings));

  const exporters: Record<string, unknown> = {};
  const ids = targets.map((target) => {
    if (target === undefined) {
      exporters["file"] ??= filesIn(get("RELAY_DATA") ?? "./data");
      return "file";
    }
    const same = Object.entries(exporters).find(
      ([id, settings]) =>
        id.split("/")[0] === target.type && JSON.stringify(settings) === JSON.stringify(target.settings),
    );
    if (same !== undefined) return same[0];
    const taken = Object.keys(exporters).filter((id) => id.split("/")[0] === target.type).length;
    const id = taken === 0 ? target.type : `${target.type}/${taken + 1}`;
    exporters[id] = target.settings;
    return id;
  });

  const statusEndpoint = get("RELAY_STATUS_ENDPOINT");
  const root = {
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: get("RELAY_GRPC_ENDPOINT") ?? addresses.grpc },
          http: { endpoint: get("RELAY_HTTP_ENDPOINT") ?? addresses.http },
        },
      },
    },
    // So short that a sender hardly waits, and long enough to merge what comes in faster than it goes out.
    processors: { batch: { timeout: "5ms" } },
    exporters,
    service: {
      status: statusEndpoint === undefined ? {} : { endpoint: statusEndpoint },
      pipelines: Object.fromEntries(
        signalNames.map((signal, index) => {
          const exporter = ids[index]!;
          const processors = exporter === "file" ? [] : ["batch"];
          return [signal, { receivers: ["otlp"], processors, exporters: [exporter] }];
        }),
      ),
    },
  };
  // What concerns all signals was found once for each.
  return { value: withoutBatch(root), warnings: [...new Set(warnings)] };
}

/** A processor that no pipeline names would be warned about. */
function withoutBatch<Root extends { service: { pipelines: Record<string, { processors: string[] }> } }>(
  root: Root,
): Root {
  const used = Object.values(root.service.pipelines).some(({ processors }) => processors.length > 0);
  return used ? root : { ...root, processors: {} };
}

function filesIn(folder: string): unknown {
  return { path: `${folder.replace(/\/+$/u, "")}/{signal}.jsonl`, rotation: { max_megabytes: 100, max_backups: 10 } };
}

type Get = (name: string) => string | undefined;

function targetOf(signal: Signal, get: Get, warnings: string[]): Target | undefined {
  const forSignal = (suffix: string): string | undefined => get(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${suffix}`);
  const either = (suffix: string): string | undefined => forSignal(suffix) ?? get(`OTEL_EXPORTER_OTLP_${suffix}`);
  const simple = get("OTLP_ENDPOINT");
  const own = simple === undefined ? forSignal("ENDPOINT") : undefined;
  const endpoint = simple ?? own ?? get("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (endpoint === undefined) return undefined;

  const wanted = get("OTLP_PROTOCOL") ?? either("PROTOCOL");
  const protocol = protocolOf(wanted, endpoint, warnings);
  const headers = {
    ...parseHeaders(get("OTEL_EXPORTER_OTLP_HEADERS"), warnings),
    ...parseHeaders(forSignal("HEADERS"), warnings),
  };
  const timeoutMs = timeoutOf(either("TIMEOUT"), warnings);
  const tls = {
    ...(either("CERTIFICATE") === undefined ? {} : { ca_file: either("CERTIFICATE") }),
    ...(either("CLIENT_CERTIFICATE") === undefined ? {} : { cert_file: either("CLIENT_CERTIFICATE") }),
    ...(either("CLIENT_KEY") === undefined ? {} : { key_file: either("CLIENT_KEY") }),
    ...(protocol === "grpc" && isTrue("INSECURE", either("INSECURE"), warnings) ? { insecure: true } : {}),
  };
  const common = {
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
    compression: compressionOf(either("COMPRESSION"), warnings),
    timeout: `${timeoutMs}ms`,
    retry_on_failure: { initial_interval: "1s" },
  };
  if (protocol === "grpc") return { type: "otlp", settings: { endpoint, ...common } };
  const url = endpoint.includes("://") || endpoint.startsWith("unix:") ? endpoint : `http://${endpoint}`;
  const where = own === undefined ? { endpoint: url } : { [`${signal}_endpoint`]: url };
  const encoding = protocol === "http/json" ? { encoding: "json" } : {};
  return { type: "otlphttp", settings: { ...where, ...encoding, ...common } };
}

const protocols = ["grpc", "http/protobuf", "http/json"] as const;

/** What is asked for, or else a guess: 4318 and a path speak of HTTP, everything else of gRPC. */
function protocolOf(wanted: string | undefined, endpoint: string, warnings: string[]): (typeof protocols)[number] {
  const known = protocols.find((protocol) => protocol === wanted?.toLowerCase());
  if (known !== undefined) return known;
  if (wanted !== undefined) warn(warnings, `the protocol "${wanted}" is not known; ${protocols.join(", ")} are`);
  const url = endpoint.includes("://") ? endpoint : `http://${endpoint}`;
  if (!URL.canParse(url)) return "grpc";
  const { pathname, port } = new URL(url);
  return port === "4318" || pathname.length > 1 ? "http/protobuf" : "grpc";
}

/** Only "true" is true (I-20). */
function isTrue(name: string, value: string | undefined, warnings: string[]): boolean {
  const word = value?.toLowerCase();
  if (word !== undefined && word !== "true" && word !== "false") {
    warn(warnings, `OTEL_EXPORTER_OTLP_${name} is true or false; "${value}" is taken as false`);
  }
  return word === "true";
}

/** gzip unless told otherwise (I-14). */
function compressionOf(value: string | undefined, warnings: string[]): string {
  const word = value?.toLowerCase() ?? "gzip";
  if (word === "gzip" || word === "none") return word;
  warn(warnings, `OTEL_EXPORTER_OTLP_COMPRESSION is gzip or none; "${value}" is ignored`);
  return "none";
}

/** Milliseconds; 0 is no limit (I-15, I-23). */
function timeoutOf(value: string | undefined, warnings: string[]): number {
  if (value === undefined) return 10_000;
  if (/^\d{1,10}$/u.test(value)) return Number(value);
  warn(warnings, `OTEL_EXPORTER_OTLP_TIMEOUT is a number of milliseconds; "${value}" is ignored`);
  return 10_000;
}

function warn(warnings: string[], message: string): void {
  if (!warnings.includes(message)) warnings.push(message);
}
