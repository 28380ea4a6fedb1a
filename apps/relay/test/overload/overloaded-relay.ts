import { readFile } from "node:fs/promises";
import type { Sender } from "@otlpkit/core";
import { freePort } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import { expect } from "vitest";
import { type RelayProcess, relayProcess } from "../hostile/relay-process.ts";

export interface OverloadedRelayOptions {
  readonly destination: string;
  /** How many sends may be under way. */
  readonly consumers: number;
  /** The memory for requests that it may use. */
  readonly budgetBytes: number;
  /** A line of its section `service`. */
  readonly tenants?: string;
  /** A queue on disk, in this folder. */
  readonly queue?: { readonly folder: string; readonly maxBytes: number };
}

/** A relay in a process of its own, in front of a destination that is slower than what comes, or away. */
export interface OverloadedRelay {
  readonly process: RelayProcess;
  /** A sender into it by itself, one attempt a send. */
  readonly over: (protocol: "http" | "grpc") => Sender;
  /** The most that was seen since the start, or since {@link forget}. */
  readonly most: { budgetBytes: number; residentBytes: number };
  forget(): void;
  /** Ends it with SIGTERM and starts it again; gives the exit code. */
  restart(): Promise<number | null>;
  /** Resolves when nothing waits in the queue any more, with the time that it took, in ms. */
  drained(): Promise<number>;
  /** Looks whether every item is accounted for. */
  expectClosedLedger(): Promise<void>;
  close(): Promise<number | null>;
}

export async function overloadedRelay(options: OverloadedRelayOptions): Promise<OverloadedRelay> {
  const [grpcPort, httpPort, statusPort] = [await freePort(), await freePort(), await freePort()];
  const yaml = configurationOf(options, { grpcPort, httpPort, statusPort });
  let relay = await relayProcess(yaml, statusPort);
  const senders: Sender[] = [];
  const most = { budgetBytes: 0, residentBytes: 0 };
  const look = setInterval(() => void measure(), 200);

  async function measure(): Promise<void> {
    try {
      const used = await relay.metric("otlpkit_memory_budget_used_bytes");
      most.budgetBytes = Math.max(most.budgetBytes, used);
      most.residentBytes = Math.max(most.residentBytes, await residentBytes(relay.pid));
    } catch {
      // It has just been stopped.
    }
  }

  return {
    get process() {
      return relay;
    },
    most,
    forget: () => void Object.assign(most, { budgetBytes: 0, residentBytes: 0 }),
    over(protocol) {
      const sender =
        protocol === "grpc"
          ? grpcTransport({ connections: 2, maxStreams: 5000 }).connect({ url: `http://127.0.0.1:${grpcPort}` })
          : httpTransport({ maxConnections: 500 }).connect({ url: `http://127.0.0.1:${httpPort}` });
      senders.push(sender);
      return sender;
    },
    async restart() {
      const code = await relay.stop();
      relay = await relayProcess(yaml, statusPort);
      return code;
    },
    async drained() {
      const startMs = performance.now();
      while ((await relay.metric("otlpkit_exporter_queued_items")) > 0) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return performance.now() - startMs;
    },
    async expectClosedLedger() {
      const page = await (await fetch(`http://127.0.0.1:${statusPort}/status`)).json();
      expect((page as { ledger: unknown }).ledger).toMatchObject({ open: [], closes: true });
    },
    async close() {
      clearInterval(look);
      await Promise.all(senders.map((sender) => sender.close()));
      return relay.stop();
    },
  };
}

function configurationOf(
  { budgetBytes, consumers, destination, queue, tenants = "" }: OverloadedRelayOptions,
  { grpcPort, httpPort, statusPort }: Readonly<Record<"grpcPort" | "httpPort" | "statusPort", number>>,
): string {
  const onDisk = queue === undefined ? "" : `, storage: file_storage, max_size: ${queue.maxBytes}`;
  return `
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "127.0.0.1:${grpcPort}", max_concurrent_streams: 10000 }
      http: { endpoint: "127.0.0.1:${httpPort}" }
${queue === undefined ? "" : `extensions: { file_storage: { directory: "${queue.folder}" } }`}
exporters:
  otlp_grpc:
    endpoint: "${destination}"
    compression: none
    retry_on_failure: { initial_interval: 200ms, max_interval: 1s, max_elapsed_time: 1s }
    sending_queue: { num_consumers: ${consumers}${onDisk} }
service:
  telemetry: { logs: { level: error } }
  status: { endpoint: "127.0.0.1:${statusPort}" }
  memory_budget: ${budgetBytes}
  extensions: [${queue === undefined ? "" : "file_storage"}]
  ${tenants}
  pipelines:
    traces: { receivers: [otlp], exporters: [otlp_grpc] }
`;
}

/** What the system counts for a process; 0 where it does not say. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
}
