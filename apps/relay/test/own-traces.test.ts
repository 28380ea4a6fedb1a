import { decode } from "@otlpkit/otlp";
import { seeded } from "@otlpkit/testkit";
import { type Backend, decompressed, grpcBackend, httpBackend } from "@otlpkit/testkit/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { configured, pipelinesTo, running } from "./running.ts";

const some = seeded(3);

function spansAt(backend: Backend): { name: string; service: string; parent: number }[] {
  const bodies = backend.requests.map((request) => decompressed(request));
  return bodies.flatMap((body) =>
    (decode("traces", body).resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
      const service = resource?.attributes?.find(({ key }) => key === "service.name")?.value?.stringValue ?? "";
      return scopeSpans.flatMap(({ spans = [] }) =>
        spans.map(({ name = "", parentSpanId }) => ({ name, service, parent: parentSpanId?.byteLength ?? 0 })),
      );
    }),
  );
}

describe("service.telemetry.traces", () => {
  it.each(["grpc", "http/protobuf"])("sends what the relay does with requests over %s", async (protocol) => {
    const traces = await (protocol === "grpc" ? grpcBackend() : httpBackend());
    onTestFinished(() => traces.close());
    const backend = await httpBackend();
    onTestFinished(() => backend.close());
    const { overGrpc, relay } = await running(`
exporters: { otlphttp: { endpoint: "${backend.url}" } }
service:
  telemetry:
    traces:
      processors:
        - batch: { exporter: { otlp: { protocol: ${protocol}, endpoint: "${traces.url}", insecure: true } } }
  pipelines:
${pipelinesTo("otlphttp")}`);
    await overGrpc.send(some.logs({ items: 3 }), {});
    expect(backend.requests).toHaveLength(1);
    expect(traces.requests).toHaveLength(0);
    await relay.close(2_000);
    const spans = spansAt(traces);
    expect(spans.map(({ name, parent }) => [name, parent])).toEqual([
      ["queue/otlphttp/logs", 8],
      ["exporter/otlphttp/logs", 8],
      ["receiver/otlp/logs", 0],
    ]);
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(["otlpkit-relay"]));
  });

  it("may be sent to the relay itself, which traces requests and not its traces", async () => {
    const backend = await httpBackend();
    onTestFinished(() => backend.close());
    // The door is known before the relay is.
    const door = await httpBackend();
    const { port } = new URL(door.url);
    await door.close();
    const { overGrpc, relay } = await running(
      `
exporters: { otlphttp: { endpoint: "${backend.url}" } }
service:
  telemetry:
    traces:
      processors: [{ simple: { exporter: { otlp_http: { endpoint: "http://127.0.0.1:${port}/v1/traces" } } } }]
  pipelines:
    traces: { receivers: [otlp, otlp/own], exporters: [otlphttp] }
    logs: { receivers: [otlp], exporters: [otlphttp] }`,
      `  otlp/own: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } }`,
    );
    await overGrpc.send(some.logs({ items: 3 }), {});
    await relay.close(2_000);
    const own = backend.requests.filter(({ signal }) => signal === "traces");
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThanOrEqual(3);
  });

  it("is off by default, with a ratio of 0 and without an exporter", async () => {
    const traces = await httpBackend();
    onTestFinished(() => traces.close());
    const processor = `processors: [{ simple: { exporter: { otlp_http: { endpoint: "${traces.url}" } } } }]`;
    for (const own of [
      "",
      `traces: { ${processor}, sampler: { parent_based: { root: { trace_id_ratio_based: { ratio: 0 } } } } }`,
      `traces: { ${processor}, sampler: { always_off: } }`,
      `traces: { ${processor}, level: none }`,
      "traces: { sampler: { always_on: } }",
    ]) {
      const { overGrpc, relay } = await running(`
exporters: { nop: }
service:
  telemetry: { ${own} }
  pipelines:
${pipelinesTo("nop")}`);
      await overGrpc.send(some.logs({ items: 3 }), {});
      await relay.close(2_000);
    }
    expect(traces.requests).toHaveLength(0);
  });

  it("says what is wrong with it", async () => {
    const yaml = `
receivers: { otlp: { protocols: { grpc: } } }
exporters: { nop: }
service:
  telemetry: { traces: { processors: [{ batch: { exporter: { console: {} } } }, { simple: }] } }
  pipelines: { traces: { receivers: [otlp], exporters: [nop] } }`;
    const problems = await configured(yaml).catch((error: Error) => error.message);
    expect(problems).toContain("name an OTLP endpoint");
    expect(problems).toContain("service.telemetry.traces.processors");
  });
});
