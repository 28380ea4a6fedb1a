import { readConfiguration } from "@otlpkit/config";
import type { Sender } from "@otlpkit/core";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import { gzip } from "@otlpkit/compression";
import { type Log, log } from "@otlpkit/telemetry";
import { expect, onTestFinished } from "vitest";
import { language, type RelayConfiguration } from "../src/language.ts";
import { type Relay, startRelay } from "../src/start-relay.ts";

/** A relay in this process, with what a test wants of it. */
export interface Running {
  readonly relay: Relay;
  /** Base URL of the OTLP/HTTP and the OTLP/gRPC door. */
  readonly http: string;
  readonly grpc: string;
  /** What it said, a line each. */
  readonly said: readonly string[];
  /** Senders into it, one attempt a send. */
  readonly overHttp: Sender;
  readonly overGrpc: Sender;
}

export function configured(yaml: string, environment: Record<string, string> = {}): Promise<RelayConfiguration> {
  return readConfiguration({ text: yaml, file: "relay.yaml", environment }, language);
}

export function remembering(): { log: Log; said: string[] } {
  const said: string[] = [];
  return {
    said,
    log: log({ write: (line) => void said.push(line.slice(9)), color: false, level: "debug", maxRepeats: 1e6 }),
  };
}

/**
 * Starts a relay that receives on free ports and stops it when the test is over. `rest` is everything but receivers
 * and status: exporters, pipelines and so on.
 */
export async function running(rest: string, receiver = ""): Promise<Running> {
  const yaml = `
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "127.0.0.1:0" }
      http: { endpoint: "127.0.0.1:0" }
${receiver}
${rest.replace("service:", "service:\n  status: { enabled: false }")}`;
  const { log: quiet, said } = remembering();
  const relay = await startRelay(await configured(yaml), { log: quiet });
  onTestFinished(async () => {
    await relay.close(500);
    // P4: whatever a test did, every item is accounted for.
    expect(relay.ledger().open).toEqual([]);
  });
  const url = (label: string): string => relay.doors.find((door) => door.label === label)?.url ?? "http://127.0.0.1:1";
  const overHttp = httpTransport({ compressors: [gzip()] }).connect({ url: url("HTTP") });
  const overGrpc = grpcTransport({ compressors: [gzip()] }).connect({ url: url("gRPC") });
  onTestFinished(async () => void (await Promise.all([overHttp.close(), overGrpc.close()])));
  return { relay, http: url("HTTP"), grpc: url("gRPC"), said, overHttp, overGrpc };
}

/** One pipeline for each signal, from otlp through `processors` to `exporters`. */
export function pipelinesTo(exporters: string, processors = ""): string {
  const pipeline = `{ receivers: [otlp], processors: [${processors}], exporters: [${exporters}] }`;
  return ["traces", "metrics", "logs", "profiles"].map((signal) => `    ${signal}: ${pipeline}`).join("\n");
}
