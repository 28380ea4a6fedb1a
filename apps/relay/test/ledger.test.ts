import { credentials, Client } from "@grpc/grpc-js";
import { seeded } from "@otlpkit/testkit";
import { freePort } from "@otlpkit/testkit/node";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { pipelinesTo, running } from "./running.ts";

const some = seeded(11);

describe("the ledger of a relay", () => {
  it("shows which destination cannot be reached, and still takes data for the others", async () => {
    const port = await freePort();
    const { grpc, overHttp, relay } = await running(`
exporters:
  otlphttp/gone:
    endpoint: "http://127.0.0.1:${port}"
    retry_on_failure: { initial_interval: 50ms, max_interval: 100ms }
    sending_queue: { wait_for_result: false }
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
