import { readConfiguration } from "@otlpkit/config";
import { signalNames } from "@otlpkit/core";
import { goldenVector } from "@otlpkit/testkit/node";
import { describe, expect, it } from "vitest";
import { configurationFromEnvironment } from "./from-environment.ts";
import { language } from "./language.ts";
import { parseHeaders } from "./parse-headers.ts";

async function made(environment: Record<string, string>) {
  const { value, warnings } = configurationFromEnvironment(environment);
  const configuration = await readConfiguration({ value, file: "environment" }, language);
  const exporterOf = (signal: string): any => {
    const id = configuration.pipelines.find((pipeline) => pipeline.signal === signal)!.exporters[0]!;
    const { config, plugin } = configuration.exporters.get(id)!;
    return { id, type: plugin.names[0], ...config };
  };
  return { configuration, exporterOf, warnings };
}

describe("configurationFromEnvironment", () => {
  it("receives on the ports of OTLP, on this machine only, and writes files", async () => {
    const { configuration, exporterOf, warnings } = await made({});
    expect(configuration.receivers.get("otlp")?.config.protocols).toMatchObject({
      grpc: { endpoint: "127.0.0.1:4317" },
      http: { endpoint: "127.0.0.1:4318" },
    });
    expect(configuration.pipelines.map(({ signal }) => signal)).toEqual(signalNames);
    for (const signal of signalNames)
      expect(exporterOf(signal)).toMatchObject({ type: "file", path: "./data/{signal}.jsonl" });
    expect([...configuration.warnings, ...warnings]).toEqual([]);
  });

  it.each([
    ["http://collector:4317", "otlp", { endpoint: "http://collector:4317" }],
    ["http://collector:4318", "otlphttp", { endpoint: "http://collector:4318", encoding: "proto" }],
    ["https://otlp.example/base", "otlphttp", { endpoint: "https://otlp.example/base" }],
    ["https://otlp.example", "otlp", { endpoint: "https://otlp.example" }],
    ["collector:4317", "otlp", { endpoint: "collector:4317", tls: { insecure: false } }],
    ["collector:4318", "otlphttp", { endpoint: "http://collector:4318" }],
  ])("forwards everything to OTLP_ENDPOINT=%s", async (endpoint, type, settings) => {
    const { exporterOf, configuration } = await made({ OTLP_ENDPOINT: endpoint });
    for (const signal of signalNames) expect(exporterOf(signal)).toMatchObject({ type, ...settings });
    expect(configuration.exporters.size).toBe(1);
    expect(configuration.processors.has("batch")).toBe(true);
  });

  it("lets OTLP_PROTOCOL decide", async () => {
    const at = async (protocol: string): Promise<unknown> =>
      (await made({ OTLP_ENDPOINT: "http://c:4317", OTLP_PROTOCOL: protocol })).exporterOf("logs");
    expect(await at("http/json")).toMatchObject({ type: "otlphttp", encoding: "json" });
    expect(await at("HTTP/protobuf")).toMatchObject({ type: "otlphttp", encoding: "proto" });
    expect(await at("grpc")).toMatchObject({ type: "otlp" });
  });

  it("takes a signal's own endpoint as it stands, and the base for the others (I-03, I-04)", async () => {
    const { exporterOf } = await made({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://base:4318",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://spans:4318/in",
    });
    expect(exporterOf("traces")).toMatchObject({ traces_endpoint: "http://spans:4318/in", endpoint: undefined });
    expect(exporterOf("logs")).toMatchObject({ endpoint: "http://base:4318", traces_endpoint: undefined });
    expect(exporterOf("logs").id).toBe(exporterOf("metrics").id);
  });

  it("writes files for signals that have no endpoint", async () => {
    const { exporterOf } = await made({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://spans:4317" });
    expect(exporterOf("traces").type).toBe("otlp");
    expect(exporterOf("logs").type).toBe("file");
  });

  it("merges headers, those of the signal first (I-13), and keeps dollar signs", async () => {
    const { exporterOf } = await made({
      OTLP_ENDPOINT: "http://c:4317",
      OTEL_EXPORTER_OTLP_HEADERS: "a=1,b=${env:HOME}$$",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: "a=3",
    });
    expect(exporterOf("traces").headers).toEqual({ a: "1", b: "${env:HOME}$$" });
    expect(exporterOf("logs").headers).toEqual({ a: "3", b: "${env:HOME}$$" });
  });

  it("reads certificates and insecure", async () => {
    const { exporterOf } = await made({
      OTLP_ENDPOINT: "c:4317",
      OTEL_EXPORTER_OTLP_INSECURE: "TRUE",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "/ca.pem",
      OTEL_EXPORTER_OTLP_CLIENT_KEY: "/key.pem",
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "/cert.pem",
    });
    const tls = { insecure: true, ca_file: "/ca.pem", cert_file: "/cert.pem", key_file: "/key.pem" };
    expect(exporterOf("traces").tls).toMatchObject(tls);
  });

  it("moves doors and files where it is told", async () => {
    const { configuration, exporterOf } = await made({
      RELAY_GRPC_ENDPOINT: "0.0.0.0:14317",
      RELAY_HTTP_ENDPOINT: "0.0.0.0:14318",
      RELAY_STATUS_ENDPOINT: "0.0.0.0:18080",
      RELAY_DATA: "/var/otlp/",
    });
    expect(configuration.receivers.get("otlp")?.config.protocols).toMatchObject({
      grpc: { endpoint: "0.0.0.0:14317" },
      http: { endpoint: "0.0.0.0:14318" },
    });
    expect(configuration.service.status.endpoint).toEqual({ host: "0.0.0.0", port: 18_080 });
    expect(exporterOf("logs").path).toBe("/var/otlp/{signal}.jsonl");
  });

  it.each([
    [{ OTLP_PROTOCOL: "thrift" }, 'the protocol "thrift" is not known'],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: "lz4" }, '"lz4" is ignored'],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: "10s" }, '"10s" is ignored'],
    [{ OTEL_EXPORTER_OTLP_INSECURE: "1" }, '"1" is taken as false'],
  ])("warns once about %j", async (environment, message) => {
    const { warnings } = await made({ OTLP_ENDPOINT: "http://c:4317", ...environment });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(message);
  });
});

describe("the vectors of the specification", () => {
  const vectors = JSON.parse(goldenVector("config-vectors.json")) as {
    headers: [string, Record<string, string>, string][];
    timeout_ms: [string | null, number | string, string][];
    compression: [string | null, string, string][];
  };

  it.each(vectors.headers)("headers %j are %j %s", async (text, headers) => {
    expect(parseHeaders(text, [])).toEqual(headers);
  });

  it.each(vectors.timeout_ms)("a timeout of %j is %j %s", async (text, ms) => {
    const environment = {
      OTLP_ENDPOINT: "http://c:4317",
      ...(text === null ? {} : { OTEL_EXPORTER_OTLP_TIMEOUT: text }),
    };
    expect((await made(environment)).exporterOf("logs").timeout).toBe(ms === "no limit" ? 0 : ms);
  });

  it.each(vectors.compression.filter(([text]) => text !== null))("a compression of %j is %j %s", async (text, name) => {
    const environment = { OTLP_ENDPOINT: "http://c:4317", OTEL_EXPORTER_OTLP_COMPRESSION: text! };
    expect((await made(environment)).exporterOf("logs").compression).toBe(name);
  });
});
