import { ExportError } from "@otlpkit/core";
import { seeded } from "@otlpkit/testkit";
import { httpBackend } from "@otlpkit/testkit/node";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { configured, pipelinesTo, running } from "./running.ts";

const some = seeded(5);

describe("service.monitor", () => {
  it("refuses load with a delay while memory is short, but for one request at a time, and says so", async () => {
    const backend = await httpBackend();
    onTestFinished(() => backend.close());
    const { overGrpc, relay, said } = await running(`
exporters: { otlphttp: { endpoint: "${backend.url}" } }
service:
  monitor:
    interval: 100ms
    retry_after: 7s
    memory: { raise_at: 0.000001, clear_at: 0, raise_after: 0s }
  pipelines:
${pipelinesTo("otlphttp")}`);
    await vi.waitUntil(() => relay.health.report().state === "degraded", 10_000);
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => overGrpc.send(some.traces({ items: 2 }), {})),
    );
    const refusals = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as ExportError] : []));
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.length).toBeLessThan(10);
    for (const { code, retryAfterMs } of refusals) {
      expect(code).toBe("overloaded");
      expect(retryAfterMs).toBeGreaterThanOrEqual(7_000);
    }
    expect(relay.health.report().components["monitor"]?.reason).toContain("memory is at");
    expect(said.some((line) => line.startsWith("error memory is at"))).toBe(true);
    relay.metrics.read();
    expect(relay.metrics.sum("otlpkit_monitor_alarm", { alarm: "memory" })).toBe(1);
    expect(relay.metrics.sum("otlpkit_monitor_shed_requests")).toBe(refusals.length);
    expect(relay.metrics.sum("otlpkit_receiver_refused_items", { reason: "overloaded" })).toBe(2 * refusals.length);
  });

  it("can be switched off, as a whole and by alarm", async () => {
    const { relay } = await running(`
exporters: { nop: }
service:
  monitor: { enabled: false }
  pipelines:
${pipelinesTo("nop")}`);
    expect(relay.health.report().components).not.toHaveProperty("monitor");
  });

  it("takes no bounds that make no sense", async () => {
    const yaml = `
receivers: { otlp: { protocols: { grpc: } } }
exporters: { nop: }
service:
  monitor:
    cpu: { raise_at: 0.5 }
    disk_free: { raise_at: 0.5 }
    memory: { raise_at: 95 }
  pipelines: { traces: { receivers: [otlp], exporters: [nop] } }`;
    const problems = await configured(yaml).catch((error: Error) => error.message);
    expect(problems).toContain("service.monitor.cpu");
    expect(problems).toContain("clear_at must be below raise_at");
    expect(problems).toContain("clear_at must be above raise_at");
    expect(problems).toContain("service.monitor.memory.raise_at");
  });
});
