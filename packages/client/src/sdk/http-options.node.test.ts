import { type Backend, httpBackend, testAuthority, testClient, testProxy } from "@otlpkit/testkit/node";
import { afterEach, describe, expect, it } from "vitest";
import { sdkSpans } from "../../test/sdk-spans.ts";
import { spanExporter } from "./exporters.ts";
import type { ExportResult } from "./exporter.ts";
import { httpOptions, type OTLPExporterNodeConfigBase } from "./http-options.ts";

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of cleanUp.splice(0).toReversed()) await close();
});

async function listening(options: Parameters<typeof httpBackend>[0] = {}): Promise<Backend> {
  const backend = await httpBackend(options);
  cleanUp.push(() => backend.close());
  return backend;
}

/** Exports one span as a program would that gives these options to an official exporter. */
function exported(config: OTLPExporterNodeConfigBase): Promise<ExportResult> {
  const exporter = spanExporter(httpOptions("traces", "http/json", { environment: false, ...config }));
  cleanUp.push(() => exporter.shutdown().catch(() => {}));
  return new Promise((resolve) => exporter.export(sdkSpans("a"), resolve));
}

describe("the options of an exporter over HTTP", () => {
  it("take the url as it stands", async () => {
    const { url, requests } = await listening();
    expect(await exported({ url: `${url}/some/where?key=1` })).toEqual({ code: 0 });
    expect(requests.map(({ path }) => path)).toEqual(["/some/where?key=1"]);
  });

  it("put headers, a User-Agent and compression on the request", async () => {
    const { url, requests } = await listening();
    await exported({
      url,
      headers: { "X-Tenant": "shop", "x-number": 7, "x-nothing": undefined },
      userAgent: "shop/1.4",
      compression: "gzip",
    });
    expect(requests[0]?.headers).toMatchObject({ "x-tenant": "shop", "x-number": "7" });
    expect(requests[0]?.headers["x-nothing"]).toBeUndefined();
    expect(requests[0]?.headers["user-agent"]).toMatch(/^shop\/1\.4 OTel-OTLP-Exporter-/);
  });

  it("ask a function for headers at each attempt, without letting it describe the body", async () => {
    const { url, requests, ...backend } = await listening();
    backend.script({ kind: "refuse", httpStatus: 503 }, { kind: "ok" });
    let asked = 0;
    const headers = async () => ({ authorization: `Bearer ${++asked}`, "content-type": "text/plain" });
    expect(await exported({ url, headers, retry: { initialDelayMs: 1 } })).toEqual({ code: 0 });
    expect(requests.map(({ headers: { authorization } }) => authorization)).toEqual(["Bearer 1", "Bearer 2"]);
    expect(requests[0]?.headers["content-type"]).toBe("application/json");
  });

  it("lets the headers of the environment stand beside those of a function", async () => {
    const { url, requests } = await listening();
    await exported({
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=shop,x-who=environment" },
      headers: async () => ({ "X-Who": "program" }),
    });
    expect(requests[0]).toMatchObject({ path: "/v1/traces", headers: { "x-tenant": "shop", "x-who": "program" } });
  });

  it("fail when a function has no headers to give, and say so", async () => {
    const { url } = await listening();
    const result = await exported({
      url,
      headers: () => Promise.reject(new Error("the vault is closed")),
      timeoutMillis: 100,
    });
    expect(result.code).toBe(1);
    expect(result.error?.message).toContain("the vault is closed");
  });

  it("take certificates from the options of an agent", async () => {
    const { url } = await listening({ tls: { requireClientCertificate: true } });
    const { cert, key } = testClient;
    const httpAgentOptions = { ca: [Buffer.from(testAuthority)], cert, key, keepAlive: false, maxSockets: 5 };
    expect(await exported({ url, httpAgentOptions })).toEqual({ code: 0 });
  });

  it("take certificates from an agent that somebody makes", async () => {
    const { url } = await listening({ tls: true });
    const schemes: string[] = [];
    const httpAgentOptions = async (protocol: string) => {
      schemes.push(protocol);
      const { Agent } = await import("node:https");
      return new Agent({ ca: testAuthority });
    };
    expect(await exported({ url, httpAgentOptions })).toEqual({ code: 0 });
    expect(schemes).toEqual(["https:"]);
  });

  it("go through the proxy of an agent that names one", async () => {
    const { url, requests } = await listening();
    const proxy = await testProxy();
    cleanUp.push(() => proxy.close());
    const httpAgentOptions = () => ({ proxy: new URL(proxy.url) });
    expect(await exported({ url, httpAgentOptions })).toEqual({ code: 0 });
    expect(proxy.requests).toHaveLength(1);
    expect(requests).toHaveLength(1);
  });

  it("trust nobody else", async () => {
    const { url } = await listening({ tls: true });
    expect(await exported({ url, timeoutMillis: 500 })).toMatchObject({ code: 1 });
  });

  it("say which options of an agent have no effect", async () => {
    const { url } = await listening();
    const lines: string[] = [];
    const apiGlobals = Symbol.for("opentelemetry.js.api.1");
    const globals = globalThis as { [apiGlobals]?: unknown };
    globals[apiGlobals] = { diag: { warn: (line: string) => lines.push(line) } };
    await exported({ url, httpAgentOptions: { pfx: "...", keepAlive: true } });
    delete globals[apiGlobals];
    expect(lines).toEqual(["otlpkit: httpAgentOptions: pfx has no effect here; see the option tls"]);
  });

  it("bound an export as a whole (A-18)", async () => {
    const { url, ...backend } = await listening();
    backend.script({ kind: "hang" });
    const begun = performance.now();
    expect(await exported({ url, timeoutMillis: 300 })).toMatchObject({ code: 1, error: { code: "timeout" } });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(299);
  });

  it("refuse an url that is none", () => {
    const make = (config: OTLPExporterNodeConfigBase) => () => spanExporter(httpOptions("traces", "http/json", config));
    expect(make({ url: "no url" })).toThrow("no url");
    expect(make({ url: "no url", headers: async () => ({}) })).toThrow("no url");
  });

  it("have nothing to say of other signals", async () => {
    const lines: string[] = [];
    const environment = {
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "collector:4317",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "otherwise:4317",
    };
    const options = httpOptions("traces", "http/json", { environment, onWarning: (line) => lines.push(line) });
    await spanExporter(options).shutdown();
    expect(lines).toEqual([]);
  });

  it("let more exports wait than may be under way, instead of refusing them", async () => {
    const backend = await listening();
    backend.script({ kind: "ok", delayMs: 20 });
    const options = httpOptions("traces", "http/json", { url: backend.url, concurrencyLimit: 2, environment: false });
    const exporter = spanExporter(options);
    cleanUp.push(() => exporter.shutdown());
    const results = Array.from({ length: 40 }, () => new Promise((done) => exporter.export(sdkSpans("a"), done)));
    await exporter.forceFlush();
    expect(await Promise.all(results)).toEqual(results.map(() => ({ code: 0 })));
    expect(backend.maxConcurrent).toBeLessThanOrEqual(2);
  });
});
