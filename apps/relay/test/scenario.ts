// Programs with the OpenTelemetry SDK that send a fixed scenario, and a relay that keeps what it gets as JSON lines.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startRelay } from "../src/start-relay.ts";
import { configured, pipelinesTo, remembering } from "./running.ts";

const exec = promisify(execFile);

/** What a program has told the API. */
export interface Sent {
  readonly traces: { traceId: string; spanId: string; flags: number; attributes: number; links: number }[];
  readonly metrics: { name: string; kind: string; points: number }[];
  readonly logs: { severityNumber: number; index: number; timeUnixNano: string }[];
}
export type Json = Record<string, unknown>;
type Signal = keyof Sent;

export type Generation = "gen1" | "gen2" | "gen3";
export type Protocol = "grpc" | "http" | "proto";

/**
 * What one run of the scenario goes through: the official exporters, ours in their place, official ones with our parts
 * inside, or our processors.
 */
export type Run = `${"official" | "exporters" | "adapters" | "processors"}:${"none" | "gzip"}`;

/** What tells the items of a run from those of others. */
export function markerOf(generation: Generation, protocol: Protocol, run: Run): string {
  const [through, compression] = run.split(":");
  return [generation, through, protocol, compression].join("-");
}

/** What became of a run. */
export interface Outcome {
  readonly sent: Sent;
  readonly failures: readonly string[];
}

/** A relay to send to, and a look at what it has got. */
export interface KeepingRelay {
  /** Base URL of its OTLP/HTTP and its OTLP/gRPC door. */
  readonly http: string;
  readonly grpc: string;
  /** Runs a program (tools/otel-scenario.mjs) and gives the outcome of each run by its marker. */
  run(generation: Generation, protocol: Protocol, runs: readonly Run[]): Promise<Readonly<Record<string, Outcome>>>;
  /** The items of a signal whose resource is that of the marked program. */
  items(signal: Signal, marker: string): Promise<Json[]>;
  /** The same with what is around them, one entry a resource. */
  resources(signal: Signal, marker: string): Promise<Json[]>;
  close(): Promise<void>;
}

const shapes = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
} as const;

export async function keepingRelay(): Promise<KeepingRelay> {
  const folder = await mkdtemp(join(tmpdir(), "otlpkit-sdk-"));
  const yaml = `
receivers:
  otlp: { protocols: { grpc: { endpoint: "127.0.0.1:0" }, http: { endpoint: "127.0.0.1:0" } } }
exporters:
  file: { path: "${folder}/{signal}.jsonl" }
service:
  status: { enabled: false }
  pipelines:
${pipelinesTo("file")}
`;
  const relay = await startRelay(await configured(yaml), { log: remembering().log });
  const url = (label: string): string => relay.doors.find((door) => door.label === label)?.url ?? "";

  async function resources(signal: Signal, marker: string): Promise<Json[]> {
    const text = await readFile(join(folder, `${signal}.jsonl`), "utf8");
    return text
      .trimEnd()
      .split("\n")
      .flatMap((line) => (JSON.parse(line) as Record<string, Json[]>)[shapes[signal][0]] ?? [])
      .filter((entry) => JSON.stringify(entry["resource"]).includes(`"scenario-${marker}"`));
  }

  return {
    http: url("HTTP"),
    grpc: url("gRPC"),
    resources,
    async run(generation, protocol, runs) {
      const program = fileURLToPath(new URL(`../../../tools/otel-${generation}/send.mjs`, import.meta.url));
      const words = [
        "--url",
        url(protocol === "grpc" ? "gRPC" : "HTTP"),
        "--protocol",
        protocol,
        "--runs",
        runs.join(),
      ];
      const { stdout } = await exec(process.execPath, ["--conditions=@otlpkit/source", program, ...words]);
      return JSON.parse(stdout) as Record<string, Outcome>;
    },
    async items(signal, marker) {
      const [, scopes, leaves] = shapes[signal];
      return (await resources(signal, marker))
        .flatMap((entry) => entry[scopes] as Json[])
        .flatMap((scope) => scope[leaves] as Json[]);
    },
    async close() {
      await relay.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
