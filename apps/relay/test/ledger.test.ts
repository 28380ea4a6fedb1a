import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, Client } from "@grpc/grpc-js";
import { seeded } from "@otlpkit/testkit";
import { freePort, httpBackend } from "@otlpkit/testkit/node";
import { httpTransport } from "@otlpkit/transport-http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { writeLedger } from "../src/ledger.ts";
import { type Relay, startRelay } from "../src/start-relay.ts";
import { configured, pipelinesTo, remembering, running } from "./running.ts";

const some = seeded(11);

function keeping(url: string, folder: string): string {
  return `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
extensions: { file_storage: { directory: "${folder}" } }
exporters:
  otlphttp:
    endpoint: "${url}"
    retry_on_failure: { initial_interval: 20ms, max_interval: 20ms }
    sending_queue: { storage: file_storage }
service:
  status: { enabled: false }
  extensions: [file_storage]
  pipelines:
${pipelinesTo("otlphttp")}`;
}

async function started(yaml: string): Promise<Relay> {
  const relay = await startRelay(await configured(yaml), { log: remembering().log });
  onTestFinished(async () => void (await relay.close(500)));
  return relay;
}

async function sendTo(relay: Relay, ...items: number[]): Promise<void> {
  const sender = httpTransport().connect({ url: relay.doors[0]!.url });
  for (const count of items) await sender.send(some.traces({ items: count }), {});
  await sender.close();
}

describe("the ledger of a relay", () => {
  it("closes before, while and after a queue on disk outlives a relay", async () => {
    const folder = mkdtempSync(join(tmpdir(), "otlpkit-ledger-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    const yaml = keeping(`http://127.0.0.1:${port}`, folder);

    const first = await started(yaml);
    await sendTo(first, 7, 5);
    await first.close(500);
    const before = first.ledger();
    expect(before).toMatchObject({
      closes: true,
      accepted: 12,
      destinations: { otlphttp: { accepted: 12, queued: 12 } },
    });
    expect(writeLedger(before)).toEqual(["accepted 12 items: 0 delivered, 0 rejected, 0 dropped, 12 queued"]);

    const backend = await httpBackend({ port });
    onTestFinished(() => backend.close());
    backend.script(
      { kind: "refuse", httpStatus: 400, message: "no" },
      { kind: "ok", rejectedItems: 2, message: "too old" },
      { kind: "ok" },
    );
    const second = await started(yaml);
    await sendTo(second, 3);
    await vi.waitUntil(() => second.ledger().destinations["otlphttp"]?.queued === 0, 10_000);
    const { closes, destinations } = second.ledger();
    expect(closes).toBe(true);
    expect(destinations["otlphttp"]).toMatchObject({ recovered: 12, accepted: 3, difference: 0 });
    const { deadLettered, delivered, rejected } = destinations["otlphttp"]!;
    expect(delivered + rejected + deadLettered).toBe(15);
    expect(rejected).toBe(2);
    expect(deadLettered).toBeGreaterThan(0);
  });

  it("shows which destination cannot be reached, and still takes data for the others", async () => {
    const port = await freePort();
    const { grpc, overHttp, relay } = await running(`
exporters:
  otlphttp/gone:
    endpoint: "http://127.0.0.1:${port}"
    retry_on_failure: { initial_interval: 50ms, max_interval: 100ms }
    sending_queue: { wait_for_result: false }
    # It would give another reason, as soon as it opens.
    circuit_breaker: { enabled: false }
  nop:
service:
  pipelines:
${pipelinesTo("otlphttp/gone, nop")}`);
    const client = new Client(grpc.replace("http://", ""), credentials.createInsecure());
    onTestFinished(() => client.close());
    const check = (service: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const asIs = (bytes: Buffer): Buffer => bytes;
        const request = Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)]);
        client.makeUnaryRequest("/grpc.health.v1.Health/Check", asIs, asIs, request, (error, response) =>
          error === null ? resolve(response![1]!) : reject(error),
        );
      });
    expect(await check("exporter:otlphttp/gone")).toBe(1);
    await overHttp.send(some.traces({ items: 4 }), {});
    await vi.waitUntil(() => relay.health.report().state === "degraded", 15_000);
    const { components } = relay.health.report();
    expect(components["exporter:otlphttp/gone"]?.reason).toContain("attempts in a row failed");
    expect(components["exporter:nop"]?.state).toBe("ready");
    expect(await check("opentelemetry.proto.collector.trace.v1.TraceService")).toBe(1);
    await expect(check("exporter:nobody")).rejects.toMatchObject({ code: 5 });
    expect(relay.ledger()).toMatchObject({
      closes: true,
      destinations: { "otlphttp/gone": { accepted: 4, queued: 4 }, nop: { delivered: 4 } },
      pipelines: { traces: { accepted: 4, delivered: 4 } },
    });
  });
});
