// A relay process under load that is killed (SIGKILL) again and again, and what became of every item.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accepted, type Batch, ExportError, type Sender } from "@otlpkit/core";
import { ledger, type LedgerReport, seeded } from "@otlpkit/testkit";
import { freePort } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { httpTransport } from "@otlpkit/transport-http";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface KillLoopOptions {
  readonly kills: number;
  /** No kill after so many ms; what is left of them is not done. */
  readonly withinMs: number;
  readonly encrypted: boolean;
  /** Decides when to kill. */
  readonly random: () => number;
  readonly seed: number;
}

export interface KillLoopReport extends LedgerReport {
  readonly kills: number;
  /** From the start of the process to its open doors, in ms. */
  readonly startMs: { readonly median: number; readonly max: number };
  /** From the last start until the destination had everything. */
  readonly drainMs: number;
  /** What the last relay's own books say, once all is delivered. */
  readonly queuedItems: number;
}

const signals = ["traces", "logs", "metrics"] as const;

/** Runs it. The destination is away half of the time, so that there is always something to lose. */
export async function killLoop(options: KillLoopOptions): Promise<KillLoopReport> {
  const folder = mkdtempSync(join(tmpdir(), "otlpkit-kill-"));
  const book = ledger();
  let away = false;
  const sink = await grpcReceiver({ port: 0 }).listen(sinkOf(book, () => away, options.random));
  const [grpcPort, httpPort, statusPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const config = join(folder, "relay.yaml");
  writeFileSync(join(folder, "key"), randomBytes(32));
  writeFileSync(
    config,
    yaml({ folder, sink: sink.address, grpcPort, httpPort, statusPort, encrypted: options.encrypted }),
  );
  let isThere = false;
  const urls = [`http://127.0.0.1:${httpPort}`, `http://127.0.0.1:${grpcPort}`] as const;
  const loading = load(options.seed, book, urls, () => isThere);
  const started: number[] = [];
  let relay: ChildProcess | undefined;
  let kills = 0;
  try {
    const end = performance.now() + options.withinMs;
    while (kills < options.kills && performance.now() < end) {
      const begun = performance.now();
      relay = await start(config, statusPort);
      started.push(performance.now() - begun);
      isThere = true;
      away = kills % 2 === 0;
      // On a machine that is busy nothing would be taken in so short a time; sometimes it is killed before.
      if (options.random() < 0.8) await loading.another(3000);
      await pause(10 + options.random() ** 2 * 800);
      await kill(relay);
      isThere = false;
      kills++;
    }
    away = false;
    const begun = performance.now();
    relay = await start(config, statusPort);
    started.push(performance.now() - begun);
    isThere = true;
    await loading.stop();
    const queuedItems = await drained(statusPort);
    return {
      ...book.report(),
      kills,
      startMs: { median: started.toSorted((a, b) => a - b)[started.length >> 1]!, max: Math.max(...started) },
      drainMs: performance.now() - begun,
      queuedItems,
    };
  } finally {
    await loading.stop();
    if (relay !== undefined) await kill(relay);
    await sink.close({ graceMs: 0 });
    rmSync(folder, { recursive: true, force: true });
  }
}

function sinkOf(book: ReturnType<typeof ledger>, isAway: () => boolean, random: () => number): Sender {
  return {
    async send(batch) {
      // One that is away has sometimes taken what it does not answer.
      if (isAway() && random() < 0.7) await pause(60_000);
      book.received(batch);
      if (isAway()) await pause(60_000);
      return accepted;
    },
    close: () => Promise.resolve(),
  };
}

interface Places {
  readonly folder: string;
  readonly sink: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly statusPort: number;
  readonly encrypted: boolean;
}

function yaml({ folder, sink, grpcPort, httpPort, statusPort, encrypted }: Places): string {
  const encryption = encrypted ? `, encryption: { keys: [{ id: one, file: "${folder}/key" }] }` : "";
  const pipeline = "{ receivers: [otlp], exporters: [otlp] }";
  return `
receivers:
  otlp:
    protocols: { grpc: { endpoint: "127.0.0.1:${grpcPort}" }, http: { endpoint: "127.0.0.1:${httpPort}" } }
extensions:
  file_storage: { directory: "${folder}/queue"${encryption} }
exporters:
  otlp:
    endpoint: "http://${sink}"
    compression: none
    retry_on_failure: { initial_interval: 20ms, max_interval: 200ms }
    sending_queue: { storage: file_storage, num_consumers: 16 }
service:
  status: { endpoint: "127.0.0.1:${statusPort}" }
  extensions: [file_storage]
  pipelines: { traces: ${pipeline}, logs: ${pipeline}, metrics: ${pipeline} }
`;
}

interface Load {
  /** Resolves when something more was acknowledged, or when so many ms are over. */
  another(withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Sends while the relay is there, several at a time to each door, and writes down what was acknowledged. */
function load(
  seed: number,
  book: ReturnType<typeof ledger>,
  urls: readonly [string, string],
  isThere: () => boolean,
): Load {
  const source = seeded(seed);
  const senders = [httpTransport().connect({ url: urls[0] }), grpcTransport().connect({ url: urls[1] })];
  let going = true;
  let acknowledged = 0;
  const lanes = [0, 1, 2, 3, 4, 5].map(async (lane) => {
    for (let round = 0; going; round++) {
      if (!isThere()) {
        await pause(10);
        continue;
      }
      const batch: Batch = source[signals[(lane + round) % 3]!]({ items: 1 + ((lane * 7 + round) % 40) });
      book.sent(batch);
      try {
        book.acknowledged(batch, await senders[lane % 2]!.send(batch, { deadline: performance.now() + 5000 }));
        acknowledged++;
      } catch (error) {
        // It refused, or went while it answered: nobody was promised anything.
        await pause(Math.min(500, Math.max(20, ExportError.from(error).retryAfterMs)));
      }
      await pause(2);
    }
  });
  let stopping: Promise<void> | undefined;
  return {
    async another(withinMs) {
      const before = acknowledged;
      const end = performance.now() + withinMs;
      while (acknowledged === before && performance.now() < end) await pause(5);
    },
    stop: () =>
      (stopping ??= (async () => {
        going = false;
        await Promise.all(lanes);
        await Promise.all(senders.map((sender) => sender.close()));
      })()),
  };
}

async function start(config: string, statusPort: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--conditions=@otlpkit/source", main, "--config", config], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env["PATH"] ?? "" },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  let exited = false;
  child.once("exit", () => (exited = true));
  for (;;) {
    if (exited) throw new Error(`the relay did not start:\n${said}`);
    if (await ready(statusPort)) return child;
    await pause(20);
  }
}

async function ready(statusPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${statusPort}/readyz`)).ok;
  } catch {
    // Not there yet.
    return false;
  }
}

async function drained(statusPort: number): Promise<number> {
  const end = performance.now() + 120_000;
  for (;;) {
    const text = await (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text();
    const queued = Number(/^otlpkit_exporter_queued_items\{[^}]*\} (\d+)/mu.exec(text)?.[1] ?? Number.NaN);
    if (queued === 0 || performance.now() > end) return queued;
    await pause(100);
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
