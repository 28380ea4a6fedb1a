import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Batch, ExportError, Sender } from "@otlpkit/core";
import { type Ledger, ledger, type Seeded, seeded } from "@otlpkit/testkit";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import { expect, onTestFinished, vi } from "vitest";
import { type Relay, startRelay } from "../../src/start-relay.ts";
import { configured, remembering } from "../running.ts";
import { type Destination, destination } from "./destination.ts";

/** A folder, a destination, and relays in this process that keep in the one what they owe the other. */
export interface Kept {
  readonly folder: string;
  readonly book: Ledger;
  readonly destination: Destination;
  /** Starts a relay; `storage` and `queue` are further keys of file_storage and sending_queue, `service` further lines. */
  readonly start: (options?: StartOptions) => Promise<KeptRelay>;
}

export interface StartOptions {
  readonly storage?: string;
  readonly queue?: string;
  readonly service?: string;
}

export interface SendingOptions {
  /** Spans in each batch. Default 5. */
  readonly items?: number;
  readonly tenant?: string;
  /** Default gRPC. */
  readonly way?: "http" | "grpc";
}

export interface KeptRelay {
  readonly relay: Relay;
  readonly said: readonly string[];
  /** Sends so many batches, one after the other, and says what became of each: the batch, or why not. */
  readonly send: (count: number, options?: SendingOptions) => Promise<(Batch | ExportError)[]>;
  /** Resolves when nothing waits any more. */
  readonly drained: () => Promise<void>;
  /** As SIGTERM does, and looks whether every item is accounted for. */
  readonly stop: () => Promise<void>;
}

/** Sets it up in `folder`, or in one of its own; the destination is down, and does what `serve` says when it is up. */
export async function kept(seed: number, folder = ownFolder(), serve?: () => Promise<void>): Promise<Kept> {
  const book = ledger();
  const source = seeded(seed);
  const far = await destination(book, serve);
  onTestFinished(() => far.down());
  return { folder, book, destination: far, start: (options) => started(folder, far.url, book, source, options) };
}

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "otlpkit-durable-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function started(
  folder: string,
  url: string,
  book: Ledger,
  source: Seeded,
  { queue = "", service = "", storage = "" }: StartOptions = {},
): Promise<KeptRelay> {
  const { log, said } = remembering();
  const relay = await startRelay(
    await configured(`
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:0" }, grpc: { endpoint: "127.0.0.1:0" } } }
extensions: { file_storage: { directory: "${folder}", ${storage} } }
exporters:
  otlp:
    endpoint: "${url}"
    compression: none
    retry_on_failure: { initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 100ms }
    sending_queue: { storage: file_storage, ${queue} }
service:
  status: { enabled: false }
  ${service}
  extensions: [file_storage]
  pipelines: { traces: { receivers: [otlp], exporters: [otlp] } }
`),
    { log },
  );
  const doorOf = (label: string): string => relay.doors.find((door) => door.label === label)?.url ?? "";
  const ways: Readonly<Record<"http" | "grpc", Sender>> = {
    http: httpTransport().connect({ url: doorOf("HTTP") }),
    grpc: grpcTransport().connect({ url: doorOf("gRPC") }),
  };
  let stopping: Promise<void> | undefined;

  async function stop(): Promise<void> {
    await Promise.all([ways.http.close(), ways.grpc.close()]);
    await relay.close(2000);
    expect(relay.ledger().open).toEqual([]);
  }
  onTestFinished(() => (stopping ??= stop()));

  async function sendOne({ items = 5, tenant, way = "grpc" }: SendingOptions): Promise<Batch | ExportError> {
    const plain = source.traces({ items, resources: 1, scopes: 1 });
    const batch = tenant === undefined ? plain : { ...plain, headers: { "x-tenant": tenant } };
    book.sent(batch);
    try {
      book.acknowledged(batch, await ways[way].send(batch, {}));
      return batch;
    } catch (error) {
      return error as ExportError;
    }
  }

  return {
    relay,
    said,
    async send(count, options = {}) {
      const outcomes: (Batch | ExportError)[] = [];
      while (outcomes.length < count) outcomes.push(await sendOne(options));
      return outcomes;
    },
    drained: () => vi.waitUntil(() => relay.ledger().destinations["otlp"]?.queued === 0, 20_000).then(() => undefined),
    stop: () => (stopping ??= stop()),
  };
}
