// A relay that is treated well and badly at the same time: every valid item arrives exactly once, memory stays flat,
// nothing goes unhandled. Ten minutes in full; OTLPKIT_LONG_SECONDS bounds it.
import { accepted, pipe, type Sender } from "@otlpkit/core";
import { compress, gzip } from "@otlpkit/compression";
import { toJson } from "@otlpkit/otlp";
import { retry } from "@otlpkit/retry";
import { ledger, seeded } from "@otlpkit/testkit";
import { freePort } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { httpTransport } from "@otlpkit/transport-http";
import { expect, it } from "vitest";
import { attacks } from "./hostile/attacks.ts";
import { relayProcess } from "./hostile/relay-process.ts";

const seconds = Number(process.env["OTLPKIT_LONG_SECONDS"] ?? 600);
const seed = Number(process.env["OTLPKIT_SEED"] ?? Date.now() % 2 ** 31);
const signals = ["traces", "metrics", "logs"] as const;

it(`survives ${seconds} s of hostile traffic beside valid traffic (seed ${seed})`, async () => {
  const book = ledger();
  const sink = await grpcReceiver({ port: 0 }).listen({
    send: (batch) => {
      book.received(batch);
      return Promise.resolve(accepted);
    },
    close: () => Promise.resolve(),
  });
  const [grpcPort, httpPort, statusPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const relay = await relayProcess(
    `
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "127.0.0.1:${grpcPort}" }
      http: { endpoint: "127.0.0.1:${httpPort}" }
processors:
  batch: { timeout: 20ms }
exporters:
  otlp_grpc: { endpoint: "http://${sink.address}", compression: none }
service:
  status: { endpoint: "127.0.0.1:${statusPort}" }
  pipelines:
    traces: { receivers: [otlp], processors: [batch], exporters: [otlp_grpc] }
    metrics: { receivers: [otlp], exporters: [otlp_grpc] }
    logs: { receivers: [otlp], processors: [batch], exporters: [otlp_grpc] }
`,
    statusPort,
  );
  const http = (): Sender => httpTransport().connect({ url: `http://127.0.0.1:${httpPort}` });
  const grpc = (): Sender => grpcTransport().connect({ url: `http://127.0.0.1:${grpcPort}` });
  const quick = retry({ initialDelayMs: 50 });
  const senders = [
    pipe(quick, grpc()),
    pipe(compress(gzip()), quick, grpc()),
    pipe(quick, http()),
    pipe(toJson(), compress(gzip()), quick, http()),
  ];

  const end = performance.now() + seconds * 1000;
  const goesOn = (): boolean => performance.now() < end;
  const failures: unknown[] = [];
  const valid = async (sender: Sender, index: number): Promise<void> => {
    const source = seeded(seed + index);
    for (let round = 0; goesOn(); round++) {
      const batch = source[signals[round % 3] as (typeof signals)[number]]({ items: 1 + (round % 40) });
      book.sent(batch);
      try {
        book.acknowledged(batch, await sender.send(batch, { deadline: performance.now() + 30_000 }));
      } catch (error) {
        failures.push(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const counts = new Map<string, number>();
  const hostile = async (index: number): Promise<void> => {
    const source = seeded(seed + 100 + index);
    const random = (): number => source.random();
    while (goesOn()) {
      const attack = attacks[Math.floor(random() * attacks.length)] as (typeof attacks)[number];
      await attack.run({ httpPort, grpcPort }, random);
      counts.set(attack.name, (counts.get(attack.name) ?? 0) + 1);
    }
  };
  const memory: number[] = [];
  const watch = async (): Promise<void> => {
    while (goesOn()) {
      memory.push(await relay.metric("otelcol_process_memory_rss"));
      await new Promise((resolve) => setTimeout(resolve, Math.min(1000, seconds * 20)));
    }
  };
  await Promise.all([...senders.map(valid), ...[0, 1, 2, 3].map(hostile), watch()]);

  await Promise.all(senders.map((sender) => sender.close()));
  const code = await relay.stop();
  await sink.close();

  const report = book.report();
  const tenth = memory.length / 10;
  const curve = Array.from({ length: 10 }, (_, part) => median(memory.slice(part * tenth, (part + 1) * tenth)));
  const early = median(curve.slice(2, 5));
  const late = median(curve.slice(7));
  console.log(
    `${report.sent} items sent, ${report.received} received; ${[...counts.values()].reduce((a, b) => a + b, 0)} attacks; ` +
      `memory in MiB, by tenths of the time: ${curve.map((bytes) => Math.round(bytes / 2 ** 20)).join(" ")}`,
  );
  expect(failures).toEqual([]);
  expect(report).toMatchObject({ missing: [], duplicate: [], unexpected: [], lost: [] });
  expect(report.received).toBe(report.sent);
  expect(report.sent).toBeGreaterThan(seconds * 50);
  expect(relay.output()).not.toMatch(/was not handled|uncaught/i);
  expect(code).toBe(0);
  expect(late).toBeLessThan(early * 1.3 + 48 * 2 ** 20);
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
