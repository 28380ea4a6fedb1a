import { readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Compressor, ExportError, type Sender } from "@otlpkit/core";
import { gzip, zstd } from "@otlpkit/compression";
import { seeded } from "@otlpkit/testkit";
import {
  type Backend,
  type BackendOptions,
  freePort,
  httpBackend,
  strangeAuthority,
  testAuthority,
  testClient,
} from "@otlpkit/testkit/node";
import { afterEach, describe, expect, it } from "vitest";
import { httpTransport, type HttpTransportOptions, type TlsOptions } from "./index.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function backend(options?: BackendOptions): Promise<Backend> {
  const made = await httpBackend(options);
  cleanups.push(() => made.close());
  return made;
}

function senderTo(url: string, options?: HttpTransportOptions): Sender {
  const sender = httpTransport(options).connect({ url });
  cleanups.push(() => sender.close());
  return sender;
}

async function failureOf(promise: Promise<unknown>): Promise<ExportError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!ExportError.is(error)) throw new Error(`expected an ExportError, got ${String(error)}`);
  return error;
}

async function port(server: Server): Promise<number> {
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const data = seeded(1);
const batch = data.traces({ items: 4 });

describe("httpTransport", () => {
  it("posts the bytes of the batch, with their length and without a content encoding (C-01, C-02, C-07, C-24)", async () => {
    const far = await backend();
    expect(await senderTo(far.url).send(batch, {})).toEqual({ rejectedItems: 0, message: "" });
    const [request] = far.requests;
    expect([request?.method, request?.path]).toEqual(["POST", "/v1/traces"]);
    expect(Buffer.compare(request?.body as Uint8Array, batch.body)).toBe(0);
    expect(request?.headers).toMatchObject({
      "content-type": "application/x-protobuf",
      "content-length": String(batch.body.byteLength),
    });
    expect(Object.keys(request?.headers ?? {})).not.toContain("content-encoding");
    expect(Object.keys(request?.headers ?? {})).not.toContain("accept-encoding");
  });

  it("sends the same bytes each time (C-24, F-17)", async () => {
    const far = await backend();
    far.script({ kind: "refuse" }, { kind: "ok" });
    const sender = senderTo(far.url);
    await failureOf(sender.send(batch, {}));
    await sender.send(batch, {});
    expect(far.requests.map(({ body }) => Buffer.compare(body, batch.body))).toEqual([0, 0]);
  });

  it("sends a body of no bytes", async () => {
    const far = await backend();
    await senderTo(far.url).send({ ...batch, body: new Uint8Array(), items: 0 }, {});
    expect(far.requests[0]?.headers["content-length"]).toBe("0");
  });

  it("says that a body is compressed, and how (C-07)", async () => {
    const far = await backend();
    const body = await gzip().compress(batch.body);
    await senderTo(far.url).send({ ...batch, body, encoding: "gzip" }, {});
    expect(far.requests[0]?.headers["content-encoding"]).toBe("gzip");
    expect(far.acceptedItemIds()).toHaveLength(4);
  });

  it("names itself, behind the product that carries it, and once (J-01, J-02, J-04, J-05)", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    const far = await backend();
    await senderTo(far.url).send(batch, {});
    await senderTo(far.url, { userAgent: "agent/2", headers: { "User-Agent": "mine" } }).send(batch, {});
    const ours = `OTel-OTLP-Exporter-TypeScript-otlpkit/${version}`;
    expect(far.requests.map(({ headers }) => headers["user-agent"])).toEqual([ours, `agent/2 ${ours}`]);
  });

  it("sends headers of the user and of the batch, but lets neither describe the body", async () => {
    const far = await backend();
    const headers = { "X-Key": "k", "X-Tenant": "everyone", "Content-Type": "text/plain", "content-length": "3" };
    await senderTo(far.url, { headers }).send({ ...batch, headers: { "x-tenant": "t1" } }, {});
    expect(far.requests[0]?.headers).toMatchObject({
      "x-key": "k",
      "x-tenant": "t1",
      "content-type": "application/x-protobuf",
      "content-length": String(batch.body.byteLength),
    });
  });

  it("refuses headers that HTTP cannot carry, without showing their value", async () => {
    const far = await backend();
    expect(() => senderTo(far.url, { headers: { "x-key": "secret\nx: y" } })).toThrow(/^(?!.*secret).*x-key/);
    const error = await failureOf(senderTo(far.url).send({ ...batch, headers: { "x-key": "secret\u0000" } }, {}));
    expect([error.code, error.retryable]).toEqual(["rejected", false]);
    expect(error.message).not.toContain("secret");
    expect(far.requests).toEqual([]);
  });

  it("uses one connection for one request after the other (C-19)", async () => {
    const far = await backend();
    const sender = senderTo(far.url);
    for (let i = 0; i < 20; i++) await sender.send(batch, {});
    expect(far.totalConnections).toBe(1);
  });

  it("opens as many connections as allowed, and no more (C-21, H-02, H-04)", async () => {
    const far = await backend();
    far.script({ kind: "ok", delayMs: 30 });
    const sender = senderTo(far.url, { maxConnections: 2 });
    await Promise.all(Array.from({ length: 6 }, () => sender.send(batch, {})));
    expect([far.totalConnections, far.maxConcurrent]).toEqual([2, 2]);
  });

  it("closes a connection that was idle for too long", async () => {
    const far = await backend();
    const sender = senderTo(far.url, { idleTimeoutMs: 20 });
    await sender.send(batch, {});
    await expect.poll(() => far.openConnections).toBe(0);
    await sender.send(batch, {});
    expect(far.totalConnections).toBe(2);
  });

  it("may send again after an idle connection was closed under a request, and reconnects (C-20, A-25)", async () => {
    const far = await backend();
    far.script({ kind: "ok" }, { kind: "reset", when: "before-body" }, { kind: "ok" });
    const sender = senderTo(far.url);
    await sender.send(batch, {});
    const error = await failureOf(sender.send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unavailable", true]);
    await sender.send(batch, {});
    expect(far.requests.map(({ connection }) => connection)).toEqual([1, 1, 2]);
  });

  it.each(["before-body", "before-headers", "after-headers"] as const)(
    "survives a connection that breaks %s, and may send again (C-23, F-13)",
    async (when) => {
      const far = await backend();
      far.script({ kind: "reset", when });
      const error = await failureOf(senderTo(far.url).send(data.traces({ items: 2_000 }), {}));
      expect([error.code, error.retryable]).toEqual(["unavailable", true]);
    },
  );

  it("believes a refusal whose words break off (C-23)", async () => {
    const server = createServer((request: IncomingMessage, response) => {
      request.resume();
      response.writeHead(400, { "content-length": 1_000 });
      response.write("so", () => response.destroy());
    });
    const error = await failureOf(senderTo(`http://127.0.0.1:${await port(server)}`).send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["invalid", false]);
  });

  it("reports a partial success in either type, compressed or not (C-08, C-13, G-01)", async () => {
    const far = await backend();
    far.script(
      { kind: "ok", rejectedItems: 2, message: "two too old" },
      { kind: "ok", rejectedItems: 2, message: "two too old" },
      { kind: "ok", rejectedItems: 2, message: "two too old", gzip: true },
    );
    const sender = senderTo(far.url, { compressors: [gzip(), zstd()] });
    const partial = { rejectedItems: 2, message: "two too old" };
    expect(await sender.send(batch, {})).toEqual(partial);
    expect(await sender.send({ ...batch, format: "json" }, {})).toEqual(partial);
    expect(await sender.send(batch, {})).toEqual(partial);
    expect(far.requests[0]?.headers["accept-encoding"]).toBe("gzip, zstd");
  });

  it("takes a success in an encoding that it cannot read for a success (C-14)", async () => {
    const far = await backend();
    far.script({ kind: "ok", message: "a warning", gzip: true });
    expect(await senderTo(far.url).send(batch, {})).toEqual({ rejectedItems: 0, message: "" });
  });

  it("takes a success whose compressed body is damaged for a success (C-14)", async () => {
    const far = await backend();
    far.script({ kind: "ok", body: new Uint8Array([1, 2, 3]), headers: { "content-encoding": "gzip" } });
    const sender = senderTo(far.url, { compressors: [gzip()] });
    expect(await sender.send(batch, {})).toEqual({ rejectedItems: 0, message: "" });
  });

  it.each([
    ["endless", { kind: "endless" }],
    ["endless with 503", { kind: "endless", httpStatus: 503 }],
    ["endless in gzip", { kind: "endless", gzip: true }],
    ["5 MiB with its length", { kind: "ok", body: new Uint8Array(5 * 1024 * 1024) }],
    ["5 MiB in gzip", { kind: "ok", body: new Uint8Array(5 * 1024 * 1024), gzip: true }],
    ["5 MiB in gzip with 503", { kind: "refuse", body: new Uint8Array(5 * 1024 * 1024), gzip: true }],
  ] as const)("gives up for good on an answer that is %s (C-11, C-12)", async (_, answer) => {
    const far = await backend();
    far.script(answer);
    // An endless stream of gzip is endless at both sizes; the backend would need long to make 4 MiB of it.
    const maxResponseBytes = answer.kind === "endless" ? 64 * 1024 : 4 * 1024 * 1024;
    const sender = senderTo(far.url, { compressors: [gzip()], maxResponseBytes });
    const error = await failureOf(sender.send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["bad-response", false]);
    if (answer.kind === "endless") await expect.poll(() => far.openConnections).toBe(0);
  });

  it("does not send what is larger than allowed (C-09, C-10)", async () => {
    const far = await backend();
    const sender = senderTo(far.url, { maxRequestBytes: batch.body.byteLength });
    await sender.send(batch, {});
    const error = await failureOf(sender.send({ ...batch, body: new Uint8Array(batch.body.byteLength + 1) }, {}));
    expect([error.code, error.retryable, far.requests.length]).toEqual(["too-large", false, 1]);
  });

  it("tells one that is broken from one that will not have the request, and repeats neither (F-10)", async () => {
    const far = await backend();
    far.script({ kind: "refuse", httpStatus: 500 }, { kind: "refuse", httpStatus: 409, grpcStatus: 14 });
    const sender = senderTo(far.url);
    for (const grpcStatus of [13, undefined]) {
      const error = await failureOf(sender.send(batch, {}));
      expect([error.code, error.retryable, error.grpcStatus]).toEqual(["rejected", false, grpcStatus]);
    }
  });

  it("hands on what the far side says about coming back (F-11)", async () => {
    const far = await backend();
    far.script({ kind: "refuse", httpStatus: 429, message: "slow down", retryAfterMs: 3_000 });
    const error = await failureOf(senderTo(far.url).send(batch, {}));
    expect([error.code, error.retryable, error.retryAfterMs]).toEqual(["overloaded", true, 3_000]);
    expect(error.message).toContain("slow down");
  });

  it("follows a redirect on its origin with all its headers (C-16)", async () => {
    const far = await backend();
    far.script({ kind: "refuse", httpStatus: 307, headers: { location: "/otlp/v1/traces" } }, { kind: "ok" });
    await senderTo(far.url, { headers: { authorization: "Bearer x" } }).send(batch, {});
    expect(far.requests.map(({ path, method, headers }) => [path, method, headers["authorization"]])).toEqual([
      ["/v1/traces", "POST", "Bearer x"],
      ["/otlp/v1/traces", "POST", "Bearer x"],
    ]);
    expect(Buffer.compare(far.requests[1]?.body as Uint8Array, batch.body)).toBe(0);
  });

  it("never carries headers to another origin (C-16)", async () => {
    const [far, elsewhere] = [await backend(), await backend()];
    far.script({ kind: "refuse", httpStatus: 308, headers: { location: `${elsewhere.url}/v1/traces` } });
    const error = await failureOf(senderTo(far.url, { headers: { authorization: "Bearer x" } }).send(batch, {}));
    expect([error.code, error.retryable, elsewhere.requests.length]).toEqual(["rejected", false, 0]);
    expect(error.message).toContain(elsewhere.url);
  });

  it("ends at the deadline and frees the connection (A-17)", async () => {
    const far = await backend();
    far.script({ kind: "hang" });
    const error = await failureOf(senderTo(far.url).send(batch, { deadline: performance.now() + 50 }));
    expect([error.code, error.retryable]).toEqual(["timeout", true]);
    await expect.poll(() => far.openConnections).toBe(0);
  });

  it("is not kept beyond the deadline by an answer that comes in drips", async () => {
    const far = await backend();
    far.script({ kind: "drip" });
    const error = await failureOf(senderTo(far.url).send(batch, { deadline: performance.now() + 100 }));
    expect(error.code).toBe("timeout");
  });

  it("ends when the caller gives up, waiting for a connection or for an answer", async () => {
    const far = await backend();
    far.script({ kind: "hang" });
    const sender = senderTo(far.url, { maxConnections: 1 });
    const caller = new AbortController();
    const failures = [1, 2].map(() => failureOf(sender.send(batch, { signal: caller.signal })));
    await far.arrived(1);
    caller.abort();
    expect((await Promise.all(failures)).map(({ code }) => code)).toEqual(["cancelled", "cancelled"]);
    await sender.close();
    await expect.poll(() => far.openConnections).toBe(0);
    expect(far.requests).toHaveLength(1);
  });

  it("may send again when nobody listens, and finds who listens later (F-14)", async () => {
    const free = await freePort();
    const sender = senderTo(`http://127.0.0.1:${free}`);
    const error = await failureOf(sender.send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unavailable", true]);
    expect(error.message).toMatch(/ECONNREFUSED.*is it running/);
    const far = await backend({ port: free });
    await sender.send(batch, {});
    expect(far.requests).toHaveLength(1);
  });

  it("may send again when the name is not known", async () => {
    const error = await failureOf(senderTo("http://nowhere.invalid:4318").send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unavailable", true]);
    expect(error.message).toContain("nowhere.invalid");
  });

  it("gives up on a connection that does not come about", async () => {
    // A listener that is never accepted from would do, but the system's queue lets some in: TLS that nobody answers.
    const silent = createTcpServer((socket) => cleanups.push(() => socket.destroy()));
    const url = `https://127.0.0.1:${await port(silent)}`;
    const error = await failureOf(senderTo(url, { connectTimeoutMs: 50 }).send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unavailable", true]);
    expect(error.message).toContain("within 50 ms");
  });

  it("suspects gRPC where the far side does not speak HTTP/1.1", async () => {
    const grpc = createHttp2Server();
    const error = await failureOf(senderTo(`http://127.0.0.1:${await port(grpc)}`).send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unavailable", true]);
  });

  it("waits at close for what is under way, closes its connections and refuses what comes later", async () => {
    const far = await backend();
    far.script({ kind: "ok", delayMs: 50 });
    const sender = senderTo(far.url);
    let answered = false;
    const sending = sender.send(batch, {}).then(() => (answered = true));
    await far.arrived(1);
    await sender.close();
    expect(answered).toBe(true);
    await Promise.all([sending, sender.close()]);
    await expect.poll(() => far.openConnections).toBe(0);
    expect((await failureOf(sender.send(batch, {}))).code).toBe("closed");
  });

  it("does not keep the process alive with idle connections", async () => {
    const far = await backend();
    const sender = senderTo(far.url);
    await sender.send(batch, {});
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
    const withIdle = sockets();
    far.script({ kind: "hang" });
    const caller = new AbortController();
    const sending = failureOf(sender.send(batch, { signal: caller.signal }));
    await far.arrived(2);
    expect(sockets()).toBeGreaterThan(withIdle);
    caller.abort();
    await sending;
  });

  it("checks its limits at the door", () => {
    expect(() => httpTransport({ maxConnections: 0 })).toThrow(ExportError);
    expect(() => httpTransport({ maxResponseBytes: Number.NaN })).toThrow(ExportError);
  });

  it("reaches a Unix socket, with the usual paths", async () => {
    const path = join(tmpdir(), `otlpkit-transport-${process.pid}.sock`);
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.url, request.headers.host);
      request.resume().on("end", () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    cleanups.push(() => rmSync(path, { force: true }));
    await senderTo(`unix://${path}`).send(batch, {});
    await senderTo(`unix:${path}`).send(batch, {});
    expect(seen).toEqual(["/v1/traces", "localhost", "/v1/traces", "localhost"]);
  });
});

describe("httpTransport over TLS", () => {
  it("trusts the authority it is given (A-21)", async () => {
    const far = await backend({ tls: true });
    const sender = senderTo(far.url, { tls: { ca: testAuthority } });
    for (let i = 0; i < 3; i++) await sender.send(batch, {});
    expect([far.requests.length, far.totalConnections]).toEqual([3, 1]);
  });

  it("shows its own certificate to who asks (A-21)", async () => {
    const far = await backend({ tls: { requireClientCertificate: true } });
    await senderTo(far.url, { tls: { ca: [testAuthority], ...testClient } }).send(batch, {});
    const error = await failureOf(senderTo(far.url, { tls: { ca: testAuthority } }).send(batch, {}));
    expect([error.code, far.requests.length]).toEqual(["unavailable", 1]);
  });

  it("sends nothing to who is not trusted, and names the certificate", async () => {
    const far = await backend({ tls: true });
    for (const tls of [{}, { ca: strangeAuthority }, { ca: testAuthority, serverName: "other.test" }]) {
      const error = await failureOf(senderTo(far.url, { tls }).send(batch, {}));
      expect([error.code, error.retryable]).toEqual(["unavailable", true]);
      expect(error.message).toContain("certificate");
    }
    expect(far.requests).toEqual([]);
  });

  it("takes the name that the certificate is to be for", async () => {
    const far = await backend({ tls: true });
    const url = far.url.replace("127.0.0.1", "localhost");
    await senderTo(url, { tls: { ca: testAuthority, serverName: "collector.test" } }).send(batch, {});
    expect(far.requests).toHaveLength(1);
  });

  it("takes any certificate when told so", async () => {
    const far = await backend({ tls: true });
    await senderTo(far.url, { tls: { insecureSkipVerify: true } }).send(batch, {});
    expect(far.requests).toHaveLength(1);
  });

  it("suspects the scheme when TLS meets none, or none meets TLS", async () => {
    const [plain, secure] = [await backend(), await backend({ tls: true })];
    const tls = await failureOf(senderTo(plain.url.replace("http:", "https:")).send(batch, {}));
    expect(tls.message).toContain("does not speak TLS");
    const none = await failureOf(senderTo(secure.url.replace("https:", "http:")).send(batch, {}));
    expect([none.code, none.retryable]).toEqual(["unavailable", true]);
  });

  it("refuses at once what is no certificate, and says which part", () => {
    const connect = (tls: TlsOptions) => () => senderTo("https://127.0.0.1:1", { tls });
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
});

// The contract says that compressors are asked with our own limit; this one would gladly give more.
describe("httpTransport and compressors", () => {
  it("tells a compressor how much it may give", async () => {
    const limits: number[] = [];
    const greedy: Compressor = {
      name: "gzip",
      compress: (body) => Promise.resolve(body),
      decompress: (_, maxBytes) => {
        limits.push(maxBytes);
        return Promise.resolve(new Uint8Array());
      },
    };
    const far = await backend();
    far.script({ kind: "ok", message: "a warning", gzip: true });
    await senderTo(far.url, { compressors: [greedy], maxResponseBytes: 1_234 }).send(batch, {});
    expect(limits).toEqual([1_234]);
  });
});
