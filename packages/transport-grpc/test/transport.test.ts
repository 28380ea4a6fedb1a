import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import {
  type Batch,
  ExportError,
  protobufBatch,
  type Sender,
  type SendOptions,
  signalNames,
  signals,
} from "@otlpkit/core";
import { gzip, zstd } from "@otlpkit/compression";
import { grpcCode } from "@otlpkit/otlp";
import { seeded } from "@otlpkit/testkit";
import {
  type Answer,
  type Backend,
  decompressed,
  goldenCase,
  grpcBackend,
  strangeAuthority,
  testAuthority,
  testClient,
  testWire,
} from "@otlpkit/testkit/node";
import { describe, expect, it } from "vitest";
import type { GrpcTransportOptions } from "@otlpkit/transport-grpc";
import { cleanup } from "./cleanup.ts";
import { type Engine, engines, http2Engine } from "./engines.ts";

const keep = cleanup();
const traces = (): Batch => seeded(1).traces();

async function start(
  engine: Engine,
  options: GrpcTransportOptions = {},
): Promise<{ backend: Backend; sender: Sender }> {
  const backend = keep(await grpcBackend());
  const sender = keep(engine.transport(options).connect({ url: backend.url }));
  return { backend, sender };
}

async function failure(sent: Promise<unknown>): Promise<ExportError> {
  const error: unknown = await sent.then(
    (ack) => new Error(`was not refused, but answered with ${JSON.stringify(ack)}`),
    (reason: unknown) => reason,
  );
  if (!ExportError.is(error)) throw error;
  return error;
}

const within = (ms: number): SendOptions => ({ deadline: performance.now() + ms });

describe.each(engines)("the $name transport", (engine) => {
  it("makes one unary call of the signal's service, with the message as it is", async () => {
    const { backend, sender } = await start(engine, { userAgent: "shop/1.4" });
    for (const signal of signalNames) {
      const batch = protobufBatch(signal, signal === "traces" ? traces().body : new Uint8Array(0), 1);
      expect(await sender.send(batch, within(10_000))).toEqual({ rejectedItems: 0, message: "" });
      const request = backend.requests.at(-1);
      expect(request).toMatchObject({ path: signals[signal].grpcPath, method: "POST", compressedFlag: 0 });
      expect(Buffer.compare(request?.body ?? new Uint8Array(1), batch.body)).toBe(0);
      expect(request?.headers).toMatchObject({
        te: "trailers",
        "content-type": expect.stringMatching(/^application\/grpc(\+proto)?$/),
        "user-agent": expect.stringMatching(/^shop\/1\.4 OTel-OTLP-Exporter-TypeScript-otlpkit\/\d/),
        "grpc-timeout": expect.stringMatching(/^\d+m$/),
      });
      expect(request?.headers["grpc-encoding"] ?? "identity").toBe("identity");
    }
    expect(backend.requests.length).toBe(4);
    expect(backend.totalConnections).toBe(1);
  });

  it("sends headers as metadata, the batch's over its own, on every connection", async () => {
    const { backend, sender } = await start(engine, {
      headers: {
        "X-Tenant": "nobody",
        "X-Key": "k",
        "data-bin": "ä",
        "user-agent": "mine",
        "content-type": "text/plain",
      },
    });
    const batch = { ...traces(), headers: { "x-tenant": "shop" } };
    await sender.send(batch, within(10_000));
    backend.dropConnections();
    await expect.poll(() => sender.send(batch, within(10_000)).catch(() => undefined)).toBeDefined();
    for (const { headers } of backend.requests) {
      expect(headers).toMatchObject({ "x-tenant": "shop", "x-key": "k", "data-bin": "w6Q=" });
      expect(headers["content-type"]).toMatch(/^application\/grpc/);
      expect(headers["user-agent"]).toMatch(/^OTel-OTLP-Exporter/);
    }
    expect(backend.totalConnections).toBe(2);
  });

  it("names the encoding of a batch that is compressed already", async () => {
    const { backend, sender } = await start(engine, { compressors: [gzip()] });
    const plain = traces();
    await sender.send({ ...plain, body: await gzip().compress(plain.body), encoding: "gzip" }, within(10_000));
    const request = backend.requests[0];
    expect(request?.headers["grpc-encoding"]).toBe("gzip");
    expect(request?.compressedFlag).toBe(1);
    expect(Buffer.compare(decompressed(request as never), plain.body)).toBe(0);
  });

  it.each([
    ["padded", goldenCase("responses", "status-exhausted-retryinfo-1s").detailsBin],
    ["without padding", goldenCase("responses", "status-exhausted-retryinfo-1s").detailsBin?.replace(/=+$/, "")],
  ])("reads RetryInfo from details %s", async (_, detailsBin) => {
    const { backend, sender } = await start(engine);
    for (const trailersOnly of [true, false]) {
      backend.script({
        kind: "refuse",
        grpcStatus: grpcCode.RESOURCE_EXHAUSTED,
        detailsBin: detailsBin ?? "",
        trailersOnly,
      });
      const error = await failure(sender.send(traces(), within(10_000)));
      expect(error).toMatchObject({ code: "overloaded", retryable: true, retryAfterMs: 1_000, grpcStatus: 8 });
    }
  });

  it("decodes the text of a status, in headers and in trailers", async () => {
    const { backend, sender } = await start(engine);
    for (const trailersOnly of [true, false]) {
      backend.script({ kind: "refuse", grpcStatus: 3, message: "Größe 100 % 不正", trailersOnly });
      const error = await failure(sender.send(traces(), within(10_000)));
      expect(error).toMatchObject({ code: "invalid", retryable: false, grpcStatus: 3 });
      expect(error.message).toContain("Größe 100 % 不正");
      expect(error.message).toContain(`127.0.0.1:${backend.port}`);
    }
  });

  it.each([
    [400, "rejected", false],
    [401, "unauthenticated", false],
    [403, "forbidden", false],
    [404, "unsupported", false],
    [429, "unavailable", true],
    [502, "unavailable", true],
    [503, "unavailable", true],
    [504, "unavailable", true],
    [500, "rejected", false],
  ])("takes a proxy's %d without a gRPC status for %s", async (httpStatus, code, retryable) => {
    const { backend, sender } = await start(engine);
    backend.script({ kind: "refuse", httpStatus });
    expect(await failure(sender.send(traces(), within(10_000)))).toMatchObject({ code, retryable });
  });

  it("does not take an answer without a status for a success", async () => {
    const { backend, sender } = await start(engine);
    backend.script({ kind: "ok", trailers: false });
    expect(await failure(sender.send(traces(), within(10_000)))).toMatchObject({
      code: "bad-response",
      retryable: false,
    });
  });

  it("gives up an answer that is too large, plain or compressed, and calls that final", async () => {
    const { backend, sender } = await start(engine, { maxResponseBytes: 10_000, compressors: [gzip()] });
    const message = "x".repeat(20_000);
    for (const answer of [
      { kind: "ok", message },
      { kind: "ok", message, gzip: true },
      { kind: "endless" },
      { kind: "refuse", grpcStatus: 14, retryAfterMs: 1_000, trailersOnly: false, body: Buffer.alloc(20_000) },
    ] as const) {
      backend.script(answer);
      expect(await failure(sender.send(traces(), within(10_000)))).toMatchObject({
        code: "bad-response",
        retryable: false,
        retryAfterMs: 0,
      });
    }
  });

  it.each([
    [{ kind: "reset", when: "before-body" }],
    [{ kind: "reset", when: "before-headers" }],
    [{ kind: "reset", when: "after-headers" }],
    [{ kind: "goaway" }],
    [{ kind: "rst-stream", code: 7 }],
    [{ kind: "rst-stream", code: 2 }],
    [{ kind: "rst-stream", code: 8 }],
  ] as const)("survives %j: it may be sent again, and then arrives", async (answer) => {
    const { backend, sender } = await start(engine);
    await sender.send(traces(), within(10_000));
    backend.script(answer);
    expect(await failure(sender.send(traces(), within(10_000)))).toMatchObject({
      code: "unavailable",
      retryable: true,
    });
    backend.script({ kind: "ok" });
    await expect.poll(() => sender.send(traces(), within(10_000)).catch(() => undefined)).toBeDefined();
  });

  it("settles every call and stays of use whenever connections break", async () => {
    const { backend, sender } = await start(engine);
    const source = seeded(7);
    const breaks = [
      { kind: "reset", when: "before-body" },
      { kind: "reset", when: "before-headers" },
      { kind: "reset", when: "after-headers" },
      { kind: "rst-stream", code: 2 },
      { kind: "goaway" },
    ] as const;
    backend.script(() =>
      source.random() < 0.2 ? (breaks[Math.floor(source.random() * breaks.length)] as Answer) : { kind: "ok" },
    );
    const outcomes: string[] = [];
    async function worker(): Promise<void> {
      for (let i = 0; i < 25; i++) {
        outcomes.push(
          await sender.send(traces(), within(10_000)).then(
            () => "taken",
            (error) => (error as ExportError).code,
          ),
        );
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(outcomes.length).toBe(200);
    expect(new Set(outcomes)).toEqual(new Set(["taken", "unavailable"]));
    backend.script({ kind: "ok" });
    await expect.poll(() => sender.send(traces(), within(10_000)).catch(() => undefined)).toBeDefined();
  });

  it("lets calls finish that a GOAWAY covers, and makes new ones on a new connection", async () => {
    const { backend, sender } = await start(engine);
    backend.script({ kind: "goaway", covered: true }, { kind: "ok" });
    await sender.send(traces(), within(10_000));
    await sender.send(traces(), within(10_000));
    expect(backend.requests.map((request) => request.connection)).toEqual([1, 2]);
  });

  it("ends a call at its deadline, and tells the far side", async () => {
    const { backend, sender } = await start(engine);
    backend.script({ kind: "hang" });
    expect(await failure(sender.send(traces(), within(200)))).toMatchObject({ code: "timeout", retryable: true });
    await expect.poll(() => backend.requests[0]?.aborted).toBe(true);
  });

  it("ends a call when the caller gives up", async () => {
    const { backend, sender } = await start(engine);
    backend.script({ kind: "hang" });
    const controller = new AbortController();
    const sent = failure(sender.send(traces(), { signal: controller.signal }));
    await backend.arrived(1);
    controller.abort();
    expect(await sent).toMatchObject({ code: "cancelled", retryable: false });
    await expect.poll(() => backend.requests[0]?.aborted).toBe(true);
  });

  it("reaches a port that nobody listens on with an explanation, and the same port later", async () => {
    const backend = await grpcBackend();
    const { port, url } = backend;
    await backend.close();
    const sender = keep(engine.transport().connect({ url }));
    const error = await failure(sender.send(traces(), within(5_000)));
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(error.message).toContain("ECONNREFUSED");
    keep(await grpcBackend({ port }));
    await expect.poll(() => sender.send(traces(), within(5_000)).catch(() => undefined)).toBeDefined();
  });

  it("says so when the port speaks HTTP/1", async () => {
    const server = createHttpServer((_, response) => response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    keep(server);
    const { port } = server.address() as { port: number };
    const sender = keep(engine.transport().connect({ url: `http://127.0.0.1:${port}` }));
    const error = await failure(sender.send(traces(), within(5_000)));
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(error.message).toContain("does not speak HTTP/2");
  });

  it("waits at close for what is under way, and takes nothing afterwards", async () => {
    const { backend, sender } = await start(engine);
    backend.script({ kind: "ok", delayMs: 100 });
    const sent = sender.send(traces(), within(10_000));
    await backend.arrived(1);
    await Promise.all([sender.close(), sender.close()]);
    await sent;
    expect(await failure(sender.send(traces(), within(10_000)))).toMatchObject({ code: "closed", retryable: false });
    await expect.poll(() => backend.openConnections).toBe(0);
  });

  it("does not wait at close when told so", async () => {
    const { backend, sender } = await start(engine, { waitAtClose: false });
    backend.script({ kind: "hang" });
    const sent = failure(sender.send(traces(), {}));
    await backend.arrived(1);
    await sender.close();
    expect(await sent).toMatchObject({ code: "cancelled" });
  });

  it("is closed without ever having been used", async () => {
    await engine.transport().connect({ url: "http://127.0.0.1:1" }).close();
  });

  it("trusts a private authority and shows its own certificate", async () => {
    const backend = keep(await grpcBackend({ tls: { requireClientCertificate: true } }));
    const url = `https://localhost:${backend.port}`;
    const connect = (tls: GrpcTransportOptions["tls"]): Sender =>
      keep(engine.transport(tls === undefined ? {} : { tls }).connect({ url }));
    await connect({ ca: testAuthority, ...testClient }).send(traces(), within(10_000));
    await connect({ ca: testAuthority, ...testClient, serverName: "collector.test" }).send(traces(), within(10_000));
    for (const tls of [
      { ca: testAuthority },
      { ca: strangeAuthority, ...testClient },
      { ca: testAuthority, ...testClient, serverName: "somebody.else" },
      undefined,
    ]) {
      expect(await failure(connect(tls).send(traces(), within(5_000)))).toMatchObject({ code: "unavailable" });
    }
    expect(backend.requests.length).toBe(2);
  });

  it("refuses at once what is no certificate, and says which part", () => {
    const connect = (tls: NonNullable<GrpcTransportOptions["tls"]>) => () =>
      keep(engine.transport({ tls }).connect({ url: "https://127.0.0.1:1" }));
    const { cert, key } = testClient;
    const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    expect(connect({ ca: "/etc/ssl/ca.pem" })).toThrow(/tls\.ca is not PEM.*name of a file/);
    expect(connect({ ca: [testAuthority, new Uint8Array([48, 130])] })).toThrow(/tls\.ca is not PEM.*DER/);
    expect(connect({ cert: "no", key })).toThrow("tls.cert is not PEM");
    expect(connect({ cert, key: "no" })).toThrow("tls.key is not PEM");
    expect(connect({ cert })).toThrow("tls.cert and tls.key belong together");
    expect(connect({ cert: damaged, key })).toThrow(/cannot use .*wrong tag/);
    expect(connect({ ca: new TextEncoder().encode(testAuthority), cert, key })).not.toThrow();
  });

  it("uses TLS for an endpoint without a scheme, unless it may not", async () => {
    const secure = keep(await grpcBackend({ tls: true }));
    await keep(engine.transport({ tls: { ca: testAuthority } }).connect({ url: `localhost:${secure.port}` })).send(
      traces(),
      within(10_000),
    );
    const plain = keep(await grpcBackend());
    for (const url of [`127.0.0.1:${plain.port}`, `dns:///127.0.0.1:${plain.port}`]) {
      await keep(engine.transport({ insecure: true }).connect({ url })).send(traces(), within(10_000));
    }
  });

  it("tells about a path that it drops", async () => {
    const backend = keep(await grpcBackend());
    const warnings: string[] = [];
    const transport = engine.transport({ onWarning: (warning) => warnings.push(warning) });
    await keep(transport.connect({ url: `${backend.url}/v1/traces` })).send(traces(), within(10_000));
    expect(warnings).toEqual([expect.stringContaining("/v1/traces")]);
  });

  it("does not send what is larger than allowed, and does send what is as large", async () => {
    const batch = traces();
    const { backend, sender } = await start(engine, { maxRequestBytes: batch.body.byteLength - 1 });
    expect(await failure(sender.send(batch, within(10_000)))).toMatchObject({ code: "too-large", retryable: false });
    expect(backend.requests.length).toBe(0);
    const other = keep(engine.transport({ maxRequestBytes: batch.body.byteLength }).connect({ url: backend.url }));
    await other.send(batch, within(10_000));
  });

  it("refuses JSON", async () => {
    const { sender } = await start(engine);
    const error = await failure(sender.send({ ...traces(), format: "json" }, within(10_000)));
    expect(error).toMatchObject({ code: "unsupported", retryable: false });
  });

  it.each([{ maxStreams: 0 }, { connections: -1 }, { maxRequestBytes: Number.NaN }])("refuses %j", (options) => {
    expect(() => engine.transport(options)).toThrow(RangeError);
  });
});

describe("the node:http2 transport by itself", () => {
  it("sends any encoding verbatim", async () => {
    const { backend, sender } = await start(http2Engine);
    const body = await zstd().compress(traces().body);
    await sender.send({ ...traces(), body, encoding: "zstd" }, within(10_000));
    expect(backend.requests[0]?.headers["grpc-encoding"]).toBe("zstd");
    expect(Buffer.compare(backend.requests[0]?.body as Uint8Array, body)).toBe(0);
  });

  it("makes no more calls at a time than it may, and the others wait their turn", async () => {
    const { backend, sender } = await start(http2Engine, { maxStreams: 2 });
    backend.script({ kind: "ok", delayMs: 10 });
    await Promise.all(Array.from({ length: 10 }, () => sender.send(traces(), within(10_000))));
    expect(backend.maxConcurrent).toBe(2);
    expect(backend.totalConnections).toBe(1);
  });

  it("lets a waiting call end at its deadline or when given up", async () => {
    const { backend, sender } = await start(http2Engine, { maxStreams: 1, waitAtClose: false });
    backend.script({ kind: "hang" });
    const first = failure(sender.send(traces(), {}));
    await backend.arrived(1);
    expect(await failure(sender.send(traces(), within(50)))).toMatchObject({ code: "timeout" });
    const controller = new AbortController();
    const third = failure(sender.send(traces(), { signal: controller.signal }));
    controller.abort();
    expect(await third).toMatchObject({ code: "cancelled" });
    expect(backend.requests.length).toBe(1);
    await sender.close();
    expect(await first).toMatchObject({ code: "cancelled" });
  });

  it("opens further connections when it may and all are busy", async () => {
    const { backend, sender } = await start(http2Engine, { connections: 3 });
    backend.script({ kind: "ok", delayMs: 50 });
    await Promise.all(Array.from({ length: 9 }, () => sender.send(traces(), within(10_000))));
    expect(backend.totalConnections).toBe(3);
  });

  it("finds out that a connection is half-open", async () => {
    const backend = keep(await grpcBackend());
    const wire = keep(await testWire(backend.port));
    const sender = keep(http2Engine.transport({ keepaliveTimeoutMs: 300 }).connect(wire));
    await sender.send(traces(), within(10_000));
    wire.freeze();
    expect(await failure(sender.send(traces(), within(100)))).toMatchObject({ code: "timeout" });
    const again = () => sender.send(traces(), within(5_000)).catch(() => undefined);
    await expect.poll(again, { timeout: 20_000 }).toBeDefined();
    expect(backend.totalConnections).toBe(2);
  });

  it("keeps a connection whose far side is slow but there", async () => {
    const { backend, sender } = await start(http2Engine, { maxStreams: 2 });
    backend.script({ kind: "hang" }, { kind: "hang" }, { kind: "ok" });
    const slow = [1, 2].map(() => failure(sender.send(traces(), within(100))));
    // Waits for room, and then for the ping; either way on the one connection.
    const waiting = sender.send(traces(), within(10_000));
    expect((await Promise.all(slow)).map(({ code }) => code)).toEqual(["timeout", "timeout"]);
    await waiting;
    await sender.send(traces(), within(10_000));
    expect(backend.totalConnections).toBe(1);
  });

  it("lets calls on a connection in doubt go on, and lets go of it after the last", async () => {
    const backend = keep(await grpcBackend());
    const wire = keep(await testWire(backend.port));
    const sender = keep(http2Engine.transport().connect(wire));
    await sender.send(traces(), within(10_000));
    wire.freeze();
    const patient = failure(sender.send(traces(), within(2_500)));
    expect(await failure(sender.send(traces(), within(100)))).toMatchObject({ code: "timeout" });
    await sender.send(traces(), within(5_000));
    expect(wire.openConnections).toBe(2);
    expect(await patient).toMatchObject({ code: "timeout" });
    await expect.poll(() => wire.openConnections).toBe(1);
  });

  it("gives up connecting when nobody waits for it any more", async () => {
    const server = createTcpServer((socket) => {
      keep({ close: () => socket.destroy() });
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    keep(server);
    const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
    const { port } = server.address() as { port: number };
    const sender = keep(http2Engine.transport().connect({ url: `http://127.0.0.1:${port}` }));
    const controller = new AbortController();
    const given = failure(sender.send(traces(), { signal: controller.signal }));
    expect(await failure(sender.send(traces(), within(100)))).toMatchObject({ code: "timeout" });
    expect(await connections()).toBe(1);
    controller.abort();
    expect(await given).toMatchObject({ code: "cancelled" });
    await expect.poll(connections).toBe(0);
  });

  it("pings a silent connection when asked to", async () => {
    const backend = keep(await grpcBackend());
    const wire = keep(await testWire(backend.port));
    const sender = keep(http2Engine.transport({ keepaliveMs: 50, keepaliveTimeoutMs: 50 }).connect(wire));
    await sender.send(traces(), within(10_000));
    wire.freeze();
    // Without a deadline of its own: only the ping can end it.
    expect(await failure(sender.send(traces(), {}))).toMatchObject({ code: "unavailable", retryable: true });
  });

  it("gives up connecting to a port that accepts and says nothing", async () => {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    keep(server);
    server.on("connection", (socket) => keep({ close: () => socket.destroy() }));
    const { port } = server.address() as { port: number };
    const sender = keep(http2Engine.transport({ connectTimeoutMs: 50 }).connect({ url: `http://127.0.0.1:${port}` }));
    const error = await failure(sender.send(traces(), {}));
    expect(error).toMatchObject({ code: "unavailable" });
    expect(error.message).toContain("ETIMEDOUT");
  });
});
