import { accepted, type Batch, type Sender } from "@otlpkit/core";
import { ledger, type LedgerReport, seeded } from "@otlpkit/testkit";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { relayHeader } from "./relay-behind.ts";
import { wholeTraces, type WholeTraces } from "./whole-traces.ts";

/** The far end, which writes down what comes from which relay. */
export interface Sink {
  /** "127.0.0.1:4317". */
  readonly address: string;
  readonly book: ReturnType<typeof ledger>;
  readonly traces: WholeTraces;
  /** When a relay has delivered for the first time. */
  readonly firstMs: ReadonlyMap<string, number>;
  /** When it has delivered last. */
  readonly lastMs: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export async function openSink(): Promise<Sink> {
  const [book, traces] = [ledger(), wholeTraces()];
  const [firstMs, lastMs] = [new Map<string, number>(), new Map<string, number>()];
  const sender: Sender = {
    async send(batch) {
      const relay = batch.headers[relayHeader] ?? "";
      book.received(batch);
      traces.received(batch, relay);
      const nowMs = performance.now();
      if (!firstMs.has(relay)) firstMs.set(relay, nowMs);
      lastMs.set(relay, nowMs);
      return accepted;
    },
    close: () => Promise.resolve(),
  };
  const listening = await grpcReceiver({ port: 0, onwardHeaders: [relayHeader] }).listen(sender);
  return { address: listening.address, book, traces, firstMs, lastMs, close: () => listening.close({ graceMs: 0 }) };
}

/** What came of a load. */
export interface LoadReport extends LedgerReport {
  readonly sends: number;
  /** What senders were told when it did not go well. */
  readonly failures: readonly string[];
}

const signals = ["traces", "logs", "traces", "metrics"] as const;

/** Sends until it is told to stop, two requests at a time to each door, and keeps the books. */
export function load(seed: number, doors: readonly Sender[], { book, traces }: Sink): { stop(): Promise<LoadReport> } {
  const source = seeded(seed);
  const failures: string[] = [];
  let going = true;
  let sends = 0;

  async function send(door: Sender, batch: Batch): Promise<void> {
    book.sent(batch);
    const answered = traces.sent(batch);
    sends++;
    try {
      book.acknowledged(batch, await door.send(batch, { deadline: performance.now() + 30_000 }));
      answered();
    } catch (error) {
      failures.push(String(error));
    }
  }
  const lanes = [...doors, ...doors].map(async (door, lane) => {
    for (let round = lane; going; round++) {
      await send(door, source[signals[round % 4]!]({ items: 12 }));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  return {
    async stop() {
      going = false;
      await Promise.all(lanes);
      return { ...book.report(), sends, failures };
    },
  };
}
