// Programs that say nothing of setting up telemetry, started with `--import @otlpkit/client/register`.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { decode } from "@otlpkit/otlp";
import { type Backend, decompressed, grpcBackend, httpBackend } from "@otlpkit/testkit/node";
import { afterEach, describe, expect, it } from "vitest";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of cleanUp.splice(0).toReversed()) await close();
});

async function listening(start: typeof httpBackend = httpBackend): Promise<Backend> {
  const backend = await start();
  cleanUp.push(() => backend.close());
  return backend;
}

interface Program {
  readonly child: ChildProcess;
  /** What it printed up to now. */
  readonly output: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Starts tools/otel-…/shop.mjs: a server with HTTP instrumentation among its dependencies, and one visit to it. */
function shop(
  environment: Record<string, string>,
  { generation = "gen3", how = "--import", words = [] as string[] } = {},
): Program {
  const program = fileURLToPath(new URL(`../../../tools/otel-${generation}/shop.mjs`, import.meta.url));
  const child = spawn(
    process.execPath,
    ["--conditions=@otlpkit/source", how, "@otlpkit/client/register", program, ...words],
    { cwd: fileURLToPath(new URL(".", import.meta.url)), env: { PATH: process.env["PATH"], ...environment } },
  );
  cleanUp.push(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output += text.toString()));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal }));
  return { child, output: () => output, ended };
}

const visited = { code: 0, signal: null };
const hex = (bytes?: Uint8Array): string => Buffer.from(bytes ?? []).toString("hex");

/** Requests of a signal that arrived in protobuf, as objects. */
function arrived<Signal extends "traces" | "metrics" | "logs">({ requests }: Backend, signal: Signal) {
  return requests
    .filter((request) => request.signal === signal)
    .map((request) => decode(signal, decompressed(request)));
}

function spansOf(backend: Backend) {
  const spans = arrived(backend, "traces")
    .flatMap(({ resourceSpans = [] }) => resourceSpans)
    .flatMap(({ scopeSpans = [] }) => scopeSpans)
    .flatMap(({ scope, spans: own = [] }) => own.map((span) => ({ scope: scope?.name, ...span })));
  const nameOf = new Map(
    spans.map(({ spanId, scope, name }) => [hex(spanId), `${scope?.replace(/.*\//, "")}: ${name}`]),
  );
  const pairs = spans.map(
    ({ spanId, parentSpanId }) => `${nameOf.get(hex(spanId))} < ${nameOf.get(hex(parentSpanId))}`,
  );
  return pairs.toSorted((a, b) => a.localeCompare(b));
}

/** Each span and the one that it is part of. */
const oneTrace = [
  "instrumentation-http: GET < instrumentation-http: GET",
  "instrumentation-http: GET < shop: visit",
  "shop: order < instrumentation-http: GET",
  "shop: visit < undefined",
];

describe("a program that is started with register", () => {
  it.each([
    ["http/protobuf", httpBackend],
    ["grpc", grpcBackend],
  ] as const)("tells all signals over %s, its own exports excepted", async (protocol, start) => {
    const backend = await listening(start);
    const { ended, output } = shop({
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_SERVICE_NAME: "shop",
      OTEL_RESOURCE_ATTRIBUTES: "host.name=till",
    });
    expect(await ended).toEqual(visited);
    expect(output()).toBe("visited\n");
    expect(spansOf(backend)).toEqual(oneTrace);
    const metrics = arrived(backend, "metrics")
      .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
      .flatMap(({ scopeMetrics = [] }) => scopeMetrics)
      .flatMap(({ metrics: own = [] }) => own.map(({ name }) => name));
    expect(new Set(metrics)).toEqual(
      new Set(["http.client.request.duration", "http.server.request.duration", "shop.orders"]),
    );
    const [logs] = arrived(backend, "logs");
    expect(logs?.resourceLogs?.[0]?.scopeLogs?.[0]?.logRecords?.[0]?.body).toEqual({ stringValue: "ordered" });
    const attributes = logs?.resourceLogs?.[0]?.resource?.attributes;
    expect(attributes).toContainEqual({ key: "service.name", value: { stringValue: "shop" } });
    expect(attributes).toContainEqual({ key: "host.name", value: { stringValue: "till" } });
    expect(attributes?.map(({ key }) => key)).toContain("process.pid");
  });

  it("may require it instead, and have the API of before 1.10 with a logs API of its own", async () => {
    const backend = await listening();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url };
    expect(await shop(environment, { generation: "gen2", how: "--require" }).ended).toEqual(visited);
    expect(spansOf(backend)).toEqual(oneTrace);
    expect(arrived(backend, "logs")).toHaveLength(1);
  });

  it("tells what the environment chooses (I-34, I-39)", async () => {
    const backend = await listening();
    const { ended, output } = shop({
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      OTEL_TRACES_EXPORTER: "otlp,console",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "console",
      OTEL_TRACES_SAMPLER: "always_on",
    });
    expect(await ended).toEqual(visited);
    expect(new Set(backend.requests.map(({ signal }) => signal))).toEqual(new Set(["traces"]));
    expect(output()).toMatch(/^log {2}INFO {2}ordered$/m);
    expect(output()).toMatch(/^span {2}order {2}[\d.]+ ms {2}[\da-f]{32}\/[\da-f]{16} {2}\{ 'order\.items': 3 \}$/m);
  });

  it("samples and hands its context on as the environment says", async () => {
    const backend = await listening();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, OTEL_METRICS_EXPORTER: "none" };
    expect(await shop({ ...environment, OTEL_TRACES_SAMPLER: "always_off" }).ended).toEqual(visited);
    expect(spansOf(backend)).toEqual([]);
    // Without a propagator the server does not learn that it is being visited.
    expect(await shop({ ...environment, OTEL_PROPAGATORS: "none" }).ended).toEqual(visited);
    expect(spansOf(backend)).toContain("instrumentation-http: GET < undefined");
  });

  it("is left alone when telemetry is not wanted (I-37)", async () => {
    const backend = await listening();
    const { ended, output } = shop({ OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, OTEL_SDK_DISABLED: "true" });
    expect(await ended).toEqual(visited);
    expect(output()).toBe("visited\n");
    expect(backend.requests).toEqual([]);
  });

  it("hears what is wrong, and runs all the same", async () => {
    const { ended, output } = shop({
      OTEL_EXPORTER_OTLP_ENDPOINT: "nonsense",
      OTEL_TRACES_EXPORTER: "zipkin,none",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    });
    expect(await ended).toEqual(visited);
    expect(output()).toContain('OTEL_EXPORTER_OTLP_ENDPOINT="nonsense" is nothing that http/protobuf can reach');
    expect(output()).toContain('"zipkin" is ignored');
  });

  it("sends what there is when it is asked to end, and then ends by that signal", async () => {
    const backend = await listening();
    const { child, ended, output } = shop({ OTEL_EXPORTER_OTLP_ENDPOINT: backend.url }, { words: ["stay"] });
    await expect.poll(output, { timeout: 10_000 }).toContain("visited");
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: null, signal: "SIGTERM" });
    expect(spansOf(backend)).toEqual(oneTrace);
    expect(arrived(backend, "metrics")).toHaveLength(1);
  });

  it("may see to signals itself, and stop telemetry before it exits", async () => {
    const backend = await listening();
    const { child, ended, output } = shop({ OTEL_EXPORTER_OTLP_ENDPOINT: backend.url }, { words: ["stop"] });
    await expect.poll(output, { timeout: 10_000 }).toContain("visited");
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: 7, signal: null });
    expect(spansOf(backend)).toEqual(oneTrace);
  });
});
