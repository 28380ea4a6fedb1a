import { type Batch, type Compressor, protobufBatch, type Sender, type Signal, type Transport } from "@otlpkit/core";
import type { Answer, Backend, BackendOptions, ReceivedRequest } from "../backend.ts";
import { goldenCase } from "../golden.ts";
import { grpcBackend } from "../grpc-backend.ts";
import { httpBackend } from "../http-backend.ts";

/** What a transport is asked for. Names are those of our own transports; another one's `make` may translate. */
export interface TransportCaseSettings {
  readonly headers?: Readonly<Record<string, string>>;
  /** A product in front of the transport's own User-Agent. */
  readonly userAgent?: string;
  readonly maxRequestBytes?: number;
  readonly maxResponseBytes?: number;
  /** PEM. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
  /** To read compressed answers. */
  readonly compressors?: readonly Compressor[];
  /** The URL of an HTTP proxy to go through, with credentials. */
  readonly proxy?: string;
  /** Connections at a time; HTTP only. */
  readonly maxConnections?: number;
}

/** Which transport, and which protocol it speaks. */
export interface TransportSetting {
  readonly speaks: "http" | "grpc";
  readonly make: (settings: TransportCaseSettings) => Transport;
}

/** A transport's sender with the backend that it sends to. */
export interface Bench {
  readonly backend: Backend;
  readonly sender: Sender;
}

export function startBackend({ speaks }: TransportSetting, options?: BackendOptions): Promise<Backend> {
  return speaks === "http" ? httpBackend(options) : grpcBackend(options);
}

/** Makes a case's function: sets up, runs, and cleans up whatever happens. */
export function onBench(
  setting: TransportSetting,
  run: (bench: Bench) => Promise<void>,
  settings: TransportCaseSettings = {},
  options: BackendOptions = {},
): () => Promise<void> {
  return async () => {
    const backend = await startBackend(setting, options);
    const sender = setting.make(settings).connect({ url: backend.url });
    try {
      await run({ backend, sender });
    } finally {
      // A case that failed may have left a send under way that nobody answers; the backend's end ends it.
      await backend.close();
      await sender.close();
    }
  };
}

/** The golden request of a signal; the same bytes each time. */
export function goldenBatch(signal: Signal = "traces"): Batch {
  const name = {
    traces: "traces-full",
    metrics: "metrics-special-doubles",
    logs: "logs-full",
    profiles: "profiles-basic",
  }[signal];
  return protobufBatch(signal, goldenCase("edge", name).binary ?? new Uint8Array(), 1);
}

/** Sends once and gives what the backend saw of it. */
export async function sendOnce({ backend, sender }: Bench, batch: Batch): Promise<ReceivedRequest> {
  const before = backend.requests.length;
  await sender.send(batch, {});
  const request = backend.requests[before];
  if (!request) throw new Error("the transport resolved, but the backend got no request");
  return request;
}

/** Scripts one answer and sends into it. */
export function sendInto({ backend, sender }: Bench, answer: Answer): ReturnType<Sender["send"]> {
  backend.script(answer);
  return sender.send(goldenBatch(), {});
}

/** Resolves when the condition holds; fails when it does not for five seconds. */
export async function eventually(condition: () => boolean, claim: string): Promise<void> {
  const giveUpAt = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`still not so after five seconds: ${claim}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
