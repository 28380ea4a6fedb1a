import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import type { Sender } from "@otlpkit/core";
import { log } from "@otlpkit/telemetry";
import { startRelay, type Relay } from "../../src/start-relay.ts";
import { configured } from "../running.ts";
import type { Protocol } from "./worlds.ts";

/** A relay in this process that finds others. */
export interface FrontRelay {
  readonly relay: Relay;
  /** Senders into it, over HTTP and gRPC. */
  readonly doors: readonly Sender[];
  /** What it has said, a line each, with the time. */
  readonly lines: readonly FrontLine[];
  /** How many endpoints each of its exporters knows. */
  known(): readonly number[];
  /** When each of its exporters has stopped to use an endpoint, of what happened after `sinceMs`. */
  outMs(endpoint: string, sinceMs: number): readonly (number | undefined)[];
  /** Attempts at endpoints that have failed so far. */
  failedAttempts(): number;
  close(): Promise<void>;
}

/** A line of its log. */
export interface FrontLine {
  readonly atMs: number;
  readonly message: string;
  readonly exporter?: string;
  readonly endpoint?: string;
  readonly state?: string;
  readonly known?: number;
  readonly removed?: readonly string[];
}

const retry = "retry_on_failure: { initial_interval: 50ms, max_interval: 500ms }";

/** One that keeps traces together, and chooses for all else by load. */
function exportersOf(protocol: Protocol, discovery: string): string {
  return protocol === "grpc"
    ? `
  loadbalancing:
    protocol: { otlp: { tls: { insecure: true } } }
    resolver: ${discovery}
    routing_key: traceID
    ${retry}
  otlp: { tls: { insecure: true }, discovery: ${discovery}, ${retry} }`
    : `
  otlphttp/traces: { discovery: ${discovery}, balancer: { type: consistent_hash }, ${retry} }
  otlphttp: { discovery: ${discovery}, ${retry} }`;
}

export async function frontRelay(protocol: Protocol, discovery: string): Promise<FrontRelay> {
  const lines: FrontLine[] = [];
  const exporters = protocol === "grpc" ? ["loadbalancing", "otlp"] : ["otlphttp/traces", "otlphttp"];
  const others = `{ receivers: [otlp], exporters: [${exporters[1]}] }`;
  const yaml = `
receivers: { otlp: { protocols: { grpc: { endpoint: "127.0.0.1:0" }, http: { endpoint: "127.0.0.1:0" } } } }
exporters: ${exportersOf(protocol, discovery)}
service:
  status: { enabled: false }
  pipelines: { traces: { receivers: [otlp], exporters: [${exporters[0]}] }, logs: ${others}, metrics: ${others} }
`;
  const write = (text: string): void => {
    lines.push({ atMs: performance.now(), ...(JSON.parse(text) as Omit<FrontLine, "atMs">) });
  };
  const relay = await startRelay(await configured(yaml), { log: log({ format: "json", write, maxRepeats: 1e6 }) });
  const urlOf = (label: string): string => relay.doors.find((door) => door.label === label)!.url;
  const doors = [httpTransport().connect({ url: urlOf("HTTP") }), grpcTransport().connect({ url: urlOf("gRPC") })];
  return {
    relay,
    doors,
    lines,
    known: () =>
      exporters.map((id) => lines.findLast((line) => line.exporter === id && line.known !== undefined)?.known ?? 0),
    outMs: (endpoint, sinceMs) =>
      exporters.map(
        (id) =>
          lines.find(
            (line) =>
              line.exporter === id &&
              line.atMs > sinceMs &&
              (line.removed?.includes(endpoint) === true ||
                (line.endpoint === endpoint &&
                  (line.message === "took out an endpoint that fails" || line.state === "open"))),
          )?.atMs,
      ),
    failedAttempts: () => relay.metrics.sum("otlpkit_balancer_failed_attempts"),
    async close() {
      await Promise.all(doors.map((door) => door.close()));
      await relay.close();
    },
  };
}
