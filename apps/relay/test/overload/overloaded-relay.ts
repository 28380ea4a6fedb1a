import type { Sender } from "@otlpkit/core";
import { freePort } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import { readFile } from "node:fs/promises";
import { type RelayProcess, relayProcess } from "../hostile/relay-process.ts";

/** A relay in a process of its own, in front of a destination that is slower than what comes. */
export interface OverloadedRelay {
  readonly process: RelayProcess;
  /** A sender into it by itself, one attempt a send. */
  readonly over: (protocol: "http" | "grpc") => Sender;
  /** The most that was seen so far. */
  readonly most: { budgetBytes: number; residentBytes: number };
  close(): Promise<number | null>;
}

/** `consumers`: how many sends may be under way; `budgetBytes`: the memory for requests that it may use; `tenants`: a line of its section `service`. */
export async function overloadedRelay(
  destination: string,
  consumers: number,
  budgetBytes: number,
  tenants: string,
): Promise<OverloadedRelay> {
  const [grpcPort, httpPort, statusPort] = [await freePort(), await freePort(), await freePort()];
  const relay = await relayProcess(
    `
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "127.0.0.1:${grpcPort}", max_concurrent_streams: 10000 }
      http: { endpoint: "127.0.0.1:${httpPort}" }
exporters:
  otlp_grpc: { endpoint: "${destination}", compression: none, sending_queue: { num_consumers: ${consumers} } }
service:
  telemetry: { logs: { level: error } }
  status: { endpoint: "127.0.0.1:${statusPort}" }
  memory_budget: ${budgetBytes}
  ${tenants}
  pipelines:
    traces: { receivers: [otlp], exporters: [otlp_grpc] }
`,
    statusPort,
  );
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
    process: relay,
    most,
    over(protocol) {
      const sender =
        protocol === "grpc"
          ? grpcTransport({ connections: 2, maxStreams: 5000 }).connect({ url: `http://127.0.0.1:${grpcPort}` })
          : httpTransport({ maxConnections: 500 }).connect({ url: `http://127.0.0.1:${httpPort}` });
      senders.push(sender);
      return sender;
    },
    async close() {
      clearInterval(look);
      await Promise.all(senders.map((sender) => sender.close()));
      return relay.stop();
    },
  };
}

/** What the system counts for a process; 0 where it does not say. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
}
