import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compress, gzip } from "@otlpkit/compression";
import { accepted, ExportError, pipe } from "@otlpkit/core";
import { decode, jsonToProtobuf } from "@otlpkit/otlp";
import { seeded } from "@otlpkit/testkit";
import {
  decompressed,
  freePort,
  grpcBackend,
  httpBackend,
  testAuthority,
  testClient,
  testServer,
} from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startRelay } from "../src/start-relay.ts";
import { configured, pipelinesTo, remembering, running } from "./running.ts";

const some = seeded(7);
const spans = some.traces({ items: 10 });
const points = some.metrics({ items: 12 });
const records = some.logs({ items: 5 });

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "otlpkit-relay-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function backendOf(kind: "grpc" | "http") {
  const backend = await (kind === "grpc" ? grpcBackend() : httpBackend());
  onTestFinished(() => backend.close());
  return backend;
}

describe("a relay", () => {
  it("opens each receiver once, whatever the number of its pipelines, and gives each signal its way", async () => {
    const [first, second] = [await backendOf("http"), await backendOf("http")];
    const { overGrpc, overHttp, relay } = await running(`
exporters:
  otlphttp/a: { endpoint: "${first.url}" }
  otlphttp/b: { endpoint: "${second.url}" }
service:
  pipelines:
    traces: { receivers: [otlp], exporters: [otlphttp/a] }
    traces/copy: { receivers: [otlp], exporters: [otlphttp/b] }
    logs: { receivers: [otlp], exporters: [otlphttp/b] }
`);
    expect(relay.doors.map(({ label, signals }) => [label, signals])).toEqual([
      ["gRPC", ["traces", "logs"]],
      ["HTTP", ["traces", "logs"]],
    ]);
    await overGrpc.send(spans, {});
    await overHttp.send(records, {});
    expect(first.requests.map(({ signal }) => signal)).toEqual(["traces"]);
    expect(second.requests.map(({ signal }) => signal)).toEqual(["traces", "logs"]);
    expect(relay.ledger()).toMatchObject({
      closes: true,
      accepted: 15,
      refused: 0,
      destinations: {
        "otlphttp/a": { delivered: 10, rejected: 0, dropped: 0 },
        "otlphttp/b": { delivered: 15, rejected: 0, dropped: 0 },
      },
    });
  });

  it("merges small requests, and answers each sender when the destination has answered", async () => {
    const backend = await backendOf("grpc");
    const { overHttp, relay } = await running(`
processors: { batch: { timeout: 20ms } }
exporters: { otlp: { endpoint: "${backend.url}", compression: none } }
service:
  pipelines:
${pipelinesTo("otlp", "batch")}`);
    const acks = await Promise.all(Array.from({ length: 8 }, () => overHttp.send(some.traces({ items: 3 }), {})));
    expect(acks.every(({ rejectedItems }) => rejectedItems === 0)).toBe(true);
    expect(backend.requests.length).toBeLessThan(8);
    expect(backend.acceptedItemIds()).toHaveLength(24);
    expect(relay.metrics.sum("otelcol_processor_batch_batch_send_size", { processor: "batch" })).toBe(24);
  });

  it("carries the headers by which tenants are told apart, and never merges two tenants", async () => {
    const backend = await backendOf("http");
    const { http } = await running(
      `
processors: { batch: { timeout: 20ms, metadata_keys: [X-Tenant] } }
exporters: { otlphttp: { endpoint: "${backend.url}" } }
service:
  pipelines:
${pipelinesTo("otlphttp", "batch")}`,
    );
    const tenant = (name: string) => httpTransport({ headers: { "x-tenant": name } }).connect({ url: http });
    const [a, b] = [tenant("a"), tenant("b")];
    onTestFinished(async () => void (await Promise.all([a.close(), b.close()])));
    await Promise.all([a.send(spans, {}), b.send(spans, {})]);
    // Without include_metadata headers stay where they are, as with the Collector.
    expect(backend.requests.some(({ headers }) => "x-tenant" in headers)).toBe(false);
  });

  it("keeps delivering to a healthy destination while another is dead (H-05)", async () => {
    const healthy = await backendOf("http");
    const dead = await freePort();
    const { overGrpc, relay } = await running(`
processors: { batch: { send_batch_size: 2, send_batch_max_size: 2 } }
exporters:
  otlphttp/healthy: { endpoint: "${healthy.url}" }
  otlp/dead: { endpoint: "http://127.0.0.1:${dead}" }
service:
  pipelines:
${pipelinesTo("otlphttp/healthy, otlp/dead", "batch")}`);
    // More than go out at a time, so that the dead one's retries hold every place that they can.
    const giveUp = new AbortController();
    const sends = Array.from({ length: 40 }, () =>
      overGrpc.send(some.traces({ items: 2 }), { signal: giveUp.signal }).catch((error: unknown) => error),
    );
    await vi.waitUntil(() => relay.ledger().destinations["otlphttp/healthy"]?.delivered === 80, 15_000);
    giveUp.abort();
    for (const outcome of await Promise.all(sends)) expect(ExportError.is(outcome)).toBe(true);
    expect(healthy.acceptedItemIds()).toHaveLength(80);
    expect(relay.ledger()).toMatchObject({ accepted: 0, destinations: { "otlp/dead": { delivered: 0, dropped: 0 } } });
  });

  it("tries again until a destination is there, while the sender waits", async () => {
    const backend = await backendOf("grpc");
    backend.script({ kind: "refuse", grpcStatus: 14 }, { kind: "refuse", grpcStatus: 14 }, { kind: "ok" });
    const { overHttp, relay, said } = await running(`
exporters: { otlp: { endpoint: "${backend.url}", retry_on_failure: { initial_interval: 5ms } } }
service:
  pipelines:
${pipelinesTo("otlp")}`);
    expect(await overHttp.send(spans, {})).toEqual(accepted);
    expect(backend.requests).toHaveLength(3);
    expect(relay.metrics.sum("otlpkit_exporter_retries")).toBe(2);
    expect(said.filter((line) => line.includes("trying again"))).toHaveLength(2);
  });

  it("answers early when told to, says so, and counts what it drops then", async () => {
    const backend = await backendOf("http");
    backend.script({ kind: "refuse", httpStatus: 400 });
    const { overHttp, relay, said } = await running(`
exporters: { otlphttp: { endpoint: "${backend.url}", sending_queue: { wait_for_result: false } } }
service:
  pipelines:
${pipelinesTo("otlphttp")}`);
    expect(await overHttp.send(spans, {})).toEqual(accepted);
    expect(relay.destinations.get("otlphttp")?.notes.join()).toContain("answered before delivery");
    expect(await relay.close()).toEqual({ leftItems: 0 });
    expect(relay.ledger()).toMatchObject({ accepted: 10, destinations: { otlphttp: { delivered: 0, dropped: 10 } } });
    expect(said.join("\n")).toContain("dropped data that had been acknowledged");
  });

  it("says what was left when there is no time to drain", async () => {
    const backend = await backendOf("http");
    backend.script({ kind: "hang" });
    const { overHttp, relay } = await running(`
exporters: { otlphttp: { endpoint: "${backend.url}", sending_queue: { wait_for_result: false } } }
service:
  pipelines:
${pipelinesTo("otlphttp")}`);
    await overHttp.send(spans, {});
    await backend.arrived(1);
    expect(await relay.close(100)).toEqual({ leftItems: 10 });
  });

  it("delivers what is under way before it is closed, and lets nothing new in", async () => {
    const backend = await backendOf("grpc");
    let release: () => void = () => undefined;
    backend.script({ kind: "ok", until: new Promise<void>((resolve) => (release = resolve)) });
    const { overHttp, relay } = await running(`
exporters: { otlp: { endpoint: "${backend.url}" } }
service:
  pipelines:
${pipelinesTo("otlp")}`);
    const sending = overHttp.send(spans, {});
    await backend.arrived(1);
    const closing = relay.close();
    release();
    expect(await sending).toEqual(accepted);
    expect(await closing).toEqual({ leftItems: 0 });
    await expect(overHttp.send(spans, {})).rejects.toMatchObject({ retryable: true });
  });

  it("compresses as it is told, and takes what is compressed", async () => {
    const backend = await backendOf("http");
    const { http } = await running(`
exporters: { otlphttp: { endpoint: "${backend.url}", compression: zstd, compression_params: { level: 3 } } }
service:
  pipelines:
${pipelinesTo("otlphttp")}`);
    const zipped = pipe(compress(gzip()), httpTransport().connect({ url: http }));
    onTestFinished(() => zipped.close());
    const many = some.traces({ items: 100 });
    await zipped.send(many, {});
    expect(backend.requests[0]?.headers["content-encoding"]).toBe("zstd");
    expect(decode("traces", Uint8Array.from(decompressed(backend.requests[0]!)))).toEqual(decode("traces", many.body));
  });

  it("speaks TLS on both sides, with certificates of both sides", async () => {
    const files = folder();
    const write = (name: string, pem: string): string => {
      const path = join(files, name);
      writeFileSync(path, pem);
      return path;
    };
    const backend = await grpcBackend({ tls: { requireClientCertificate: true } });
    onTestFinished(() => backend.close());
    const [ca, cert, key] = [write("ca", testAuthority), write("cert", testClient.cert), write("key", testClient.key)];
    const own = `tls: { cert_file: ${write("sc", testServer.cert)}, key_file: ${write("sk", testServer.key)}, client_ca_file: ${ca} }`;
    const { log } = remembering();
    const relay = await startRelay(
      await configured(`
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "127.0.0.1:0", ${own} }
      http: { endpoint: "127.0.0.1:0", ${own} }
exporters: { otlp: { endpoint: "${backend.url}", tls: { ca_file: ${ca}, cert_file: ${cert}, key_file: ${key} } } }
service:
  status: { enabled: false }
  pipelines: { traces: { receivers: [otlp], exporters: [otlp] } }
`),
      { log },
    );
    onTestFinished(async () => void (await relay.close(500)));
    const tls = { ca: testAuthority, cert: testClient.cert, key: testClient.key };
    for (const { label, url } of relay.doors) {
      expect(url).toMatch(/^https:/u);
      const transport = label === "gRPC" ? grpcTransport({ tls }) : httpTransport({ tls });
      const stranger =
        label === "gRPC"
          ? grpcTransport({ tls: { ca: testAuthority } })
          : httpTransport({ tls: { ca: testAuthority } });
      const [sender, strange] = [transport.connect({ url }), stranger.connect({ url })];
      onTestFinished(async () => void (await Promise.all([sender.close(), strange.close()])));
      expect(await sender.send(spans, {})).toEqual(accepted);
      await expect(strange.send(spans, {})).rejects.toThrow();
    }
    expect(backend.requests).toHaveLength(2);
  });

  it("listens on Unix sockets", async () => {
    const path = join(folder(), "otlp.sock");
    const { log } = remembering();
    const relay = await startRelay(
      await configured(`
receivers: { otlp: { protocols: { grpc: { transport: unix, endpoint: ${path} } } } }
exporters: { nop: }
service: { status: { enabled: false }, pipelines: { traces: { receivers: [otlp], exporters: [nop] } } }
`),
      { log },
    );
    onTestFinished(async () => void (await relay.close(500)));
    expect(relay.doors[0]?.url).toBe(`unix:${path}`);
    const sender = grpcTransport().connect({ url: `unix:${path}` });
    onTestFinished(() => sender.close());
    expect(await sender.send(spans, {})).toEqual(accepted);
  });

  it.each(["http2", "grpc-js"])("receives and sends with the engine %s", async (engine) => {
    const backend = await backendOf("grpc");
    const { log } = remembering();
    const relay = await startRelay(
      await configured(`
receivers: { otlp: { protocols: { grpc: { endpoint: "127.0.0.1:0", engine: ${engine} } } } }
exporters: { otlp: { endpoint: "${backend.url}", engine: ${engine} } }
service: { status: { enabled: false }, pipelines: { traces: { receivers: [otlp], exporters: [otlp] } } }
`),
      { log },
    );
    onTestFinished(async () => void (await relay.close(500)));
    const sender = grpcTransport().connect({ url: relay.doors[0]!.url });
    onTestFinished(() => sender.close());
    expect(await sender.send(spans, {})).toEqual(accepted);
    expect(backend.acceptedItemIds()).toHaveLength(10);
  });

  it("names the place and the port when a door cannot be opened, and leaves nothing open", async () => {
    const { grpc } = await running("exporters: { nop: }\nservice:\n  pipelines:\n" + pipelinesTo("nop"));
    const taken = grpc.slice("http://".length);
    const free = await freePort();
    const { log } = remembering();
    const yaml = `
receivers: { otlp: { protocols: { grpc: { endpoint: "${taken}" } } } }
exporters: { nop: }
extensions: { health_check: { endpoint: "127.0.0.1:${free}" } }
service: { extensions: [health_check], status: { enabled: false }, pipelines: { traces: { receivers: [otlp], exporters: [nop] } } }
`;
    const starting = startRelay(await configured(yaml), { log });
    await expect(starting).rejects.toThrow(
      new RegExp(`^receivers\\.otlp\\.protocols\\.grpc\\.endpoint: cannot listen .*${taken} \\(EADDRINUSE\\)`, "u"),
    );
    await expect(fetch(`http://127.0.0.1:${free}/`)).rejects.toThrow();
  });

  it("names the component whose files cannot be read", async () => {
    const { log } = remembering();
    const yaml = `
receivers: { otlp: { protocols: { grpc: { endpoint: "127.0.0.1:0" } } } }
exporters: { otlp: { endpoint: "c:4317", tls: { ca_file: /nowhere/ca.pem } } }
service: { status: { enabled: false }, pipelines: { traces: { receivers: [otlp], exporters: [otlp] } } }
`;
    await expect(startRelay(await configured(yaml), { log })).rejects.toThrow(
      "exporters.otlp: tls: cannot read /nowhere/ca.pem (ENOENT)",
    );
  });

  it("refuses an exporter that has no endpoint for a signal that comes to it", async () => {
    const { log } = remembering();
    const yaml = `
receivers: { otlp: { protocols: { grpc: { endpoint: "127.0.0.1:0" } } } }
exporters: { otlphttp: { traces_endpoint: "http://c:4318/v1/traces" } }
service: { status: { enabled: false }, pipelines: { logs: { receivers: [otlp], exporters: [otlphttp] } } }
`;
    await expect(startRelay(await configured(yaml), { log })).rejects.toThrow(
      "neither endpoint nor logs_endpoint is given",
    );
  });
});

describe("the file exporter", () => {
  async function toFiles(settings: string) {
    const at = folder();
    const started = await running(`
exporters: { file: { path: "${at}/out.jsonl", ${settings} } }
service:
  pipelines:
${pipelinesTo("file")}`);
    return { at, ...started };
  }

  it("writes one file a signal, a request a line, readable again (L-01 to L-03)", async () => {
    const { at, overGrpc, overHttp, said } = await toFiles("");
    for (const batch of [spans, points, records]) {
      await overGrpc.send(batch, {});
      await overHttp.send(batch, {});
    }
    expect(readdirSync(at).toSorted()).toEqual(["out.logs.jsonl", "out.metrics.jsonl", "out.traces.jsonl"]);
    for (const batch of [spans, points, records]) {
      const text = readFileSync(join(at, `out.${batch.signal}.jsonl`), "utf8");
      expect(text.endsWith("\n")).toBe(true);
      const lines = text.trimEnd().split("\n");
      expect(lines).toHaveLength(2);
      for (const line of lines) {
        const { body } = jsonToProtobuf(batch.signal, new TextEncoder().encode(line));
        expect(decode(batch.signal, body)).toEqual(decode(batch.signal, batch.body));
      }
    }
    expect(said.join("\n")).toContain("a file holds one signal, so there is one each");
  });

  it.each(["none", "zstd"])("writes length-prefixed protobuf, compression %s (L-09)", async (compression) => {
    const { at, overHttp } = await toFiles(`format: proto, compression: ${compression}`);
    await overHttp.send(spans, {});
    const content = readFileSync(join(at, "out.traces.jsonl"));
    const message = content.subarray(4);
    expect(content.readUInt32BE(0)).toBe(message.byteLength);
    const headers = compression === "none" ? {} : { "content-encoding": compression };
    const body = decompressed({ body: message, compressedFlag: 0, headers });
    expect(decode("traces", Uint8Array.from(body))).toEqual(decode("traces", spans.body));
  });

  it("has answered only after the line is in the file", async () => {
    const { at, overHttp } = await toFiles("");
    for (let n = 1; n <= 5; n++) {
      await overHttp.send(spans, {});
      expect(readFileSync(join(at, "out.traces.jsonl"), "utf8").split("\n")).toHaveLength(n + 1);
    }
  });

  it("refuses to start where it may not write", async () => {
    const { log } = remembering();
    const notFolder = join(folder(), "file");
    writeFileSync(notFolder, "");
    const yaml = `
receivers: { otlp: { protocols: { grpc: { endpoint: "127.0.0.1:0" } } } }
exporters: { file: { path: ${notFolder}/out.jsonl } }
service: { status: { enabled: false }, pipelines: { logs: { receivers: [otlp], exporters: [file] } } }
`;
    await expect(startRelay(await configured(yaml), { log })).rejects.toThrow(
      `exporters.file: cannot write into ${notFolder}`,
    );
  });
});

describe("extensions and status", () => {
  it("answers health checks and serves metrics", async () => {
    const { log } = remembering();
    const relay = await startRelay(
      await configured(`
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
exporters: { nop: }
extensions: { health_check: { endpoint: "127.0.0.1:0", path: /health, response_body: { healthy: fine } } }
service:
  extensions: [health_check]
  status: { endpoint: "127.0.0.1:0" }
  pipelines: { traces: { receivers: [otlp], exporters: [nop] } }
`),
      { log, version: "1.2.3" },
    );
    onTestFinished(async () => void (await relay.close(500)));
    const check = await fetch(relay.extensions[0]!.address!);
    expect([check.status, await check.text()]).toEqual([200, "fine"]);
    const sender = httpTransport().connect({ url: relay.doors[0]!.url });
    onTestFinished(() => sender.close());
    await sender.send(spans, {});
    expect((await fetch(`${relay.status}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${relay.status}/status`)).json()).toMatchObject({
      version: "1.2.3",
      state: "ready",
      ledger: { accepted: 10, destinations: { nop: { delivered: 10 } } },
      underWay: { requests: 0, items: 0 },
    });
    const page = await (await fetch(`${relay.status}/metrics`)).text();
    expect(page).toContain('otelcol_receiver_accepted_spans{receiver="otlp",transport="http"} 10');
    expect(page).toContain('otelcol_exporter_sent_spans{exporter="nop"} 10');
    await relay.close();
    await expect(fetch(`${relay.status}/readyz`)).rejects.toThrow();
  });

  it("counts requests that no pipeline ever saw", async () => {
    const { http, relay, said } = await running("exporters: { nop: }\nservice:\n  pipelines:\n" + pipelinesTo("nop"));
    const answer = await fetch(`${http}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf" },
      body: new Uint8Array([0x0a, 0xff]),
    });
    expect(answer.status).toBe(400);
    expect(relay.metrics.sum("otlpkit_receiver_refused_requests", { receiver: "otlp", code: "invalid" })).toBe(1);
    expect(said.join("\n")).toContain("refused a request");
  });
});
