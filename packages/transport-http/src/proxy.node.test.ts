import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExportError, protobufBatch, type Sender } from "@otlpkit/core";
import {
  type Backend,
  type BackendOptions,
  httpBackend,
  testAuthority,
  testClient,
  testProxy,
  type TestProxy,
  type TestProxyOptions,
} from "@otlpkit/testkit/node";
import { afterEach, describe, expect, it } from "vitest";
import { httpTransport, type HttpTransportOptions } from "./index.ts";

// What every transport does through a proxy is among the cases; this is how HTTP does it.

const open: { close(): unknown }[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.close();
});
function keep<T extends { close(): unknown }>(started: T): T {
  open.push(started);
  return started;
}

const batch = protobufBatch("traces", new Uint8Array([10, 0]), 1);

async function bench(
  options: HttpTransportOptions = {},
  backendOptions: BackendOptions = {},
  proxyOptions: TestProxyOptions = {},
): Promise<{ backend: Backend; proxy: TestProxy; sender: Sender }> {
  const backend = keep(await httpBackend(backendOptions));
  const proxy = keep(await testProxy(proxyOptions));
  return {
    backend,
    proxy,
    sender: keep(httpTransport({ proxy: proxy.url, ...options }).connect({ url: backend.url })),
  };
}

const overTls = (options: HttpTransportOptions = {}) =>
  bench({ tls: { ca: testAuthority }, ...options }, { tls: true });

async function failureOf(promise: Promise<unknown>): Promise<ExportError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!ExportError.is(error)) throw new Error(`expected an ExportError, got ${String(error)}`);
  return error;
}

describe("httpTransport through a proxy", () => {
  it("has it make the requests to http: endpoints, which it names in full", async () => {
    const { backend, proxy, sender } = await bench({ headers: { "x-key": "k" } });
    await sender.send(batch, {});
    expect(proxy.requests).toMatchObject([
      { method: "POST", target: `${backend.url}/v1/traces`, headers: { host: `127.0.0.1:${backend.port}` } },
    ]);
    expect(backend.requests[0]).toMatchObject({ path: "/v1/traces", headers: { "x-key": "k", "content-length": "2" } });
  });

  it("has it make tunnels to https: endpoints, and tells it no more than whereto", async () => {
    const { backend, proxy, sender } = await overTls({ headers: { "x-key": "k" } });
    await sender.send(batch, {});
    const place = `127.0.0.1:${backend.port}`;
    expect(proxy.requests).toMatchObject([{ method: "CONNECT", target: place, headers: { host: place } }]);
    expect(proxy.requests[0]?.headers["x-key"]).toBeUndefined();
    expect(backend.requests[0]?.headers["x-key"]).toBe("k");
  });

  it("shows its certificate inside the tunnel, and asks for the name that it is given", async () => {
    const tls = { ca: testAuthority, ...testClient, serverName: "collector.test" };
    const { backend, sender } = await bench({ tls }, { tls: { requireClientCertificate: true } });
    await sender.send(batch, {});
    expect(backend.requests).toHaveLength(1);
  });

  it("speaks TLS to an https: proxy, for http: endpoints too", async () => {
    const { backend, proxy, sender } = await bench({ tls: { ca: testAuthority } }, {}, { tls: true });
    await sender.send(batch, {});
    expect([backend.requests.length, proxy.requests[0]?.method]).toEqual([1, "POST"]);
    const stranger = keep(httpTransport({ proxy: proxy.url }).connect({ url: backend.url }));
    const error = await failureOf(stranger.send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unavailable", true]);
    expect(error.message).toMatch(/through the proxy https:\/\/127\.0\.0\.1.*certificate/);
  });

  it("counts tunnels on their way among its connections, and lets others have their turn", async () => {
    const { backend, proxy, sender } = await overTls({ maxConnections: 2 });
    await Promise.all(Array.from({ length: 12 }, () => sender.send(batch, {})));
    expect([backend.requests.length, proxy.totalConnections]).toEqual([12, 2]);
  });

  it("fails each that waits for a connection when no tunnel can be made", async () => {
    const { proxy, sender } = await overTls({ maxConnections: 1 });
    proxy.script({ kind: "refuse", status: 502 });
    const errors = await Promise.all([1, 2, 3].map(() => failureOf(sender.send(batch, {}))));
    expect(errors.map(({ code }) => code)).toEqual(["unavailable", "unavailable", "unavailable"]);
    expect(proxy.requests).toHaveLength(3);
  });

  it("gives up on a tunnel, and on TLS in a tunnel, that do not come about", async () => {
    const { proxy, sender } = await overTls({ connectTimeoutMs: 50 });
    proxy.script({ kind: "hang" });
    const error = await failureOf(sender.send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unavailable", true]);
    expect(error.message).toContain(`through the proxy ${proxy.url} within 50 ms`);
    await expect.poll(() => proxy.openConnections).toBe(0);

    proxy.script({ kind: "pass" });
    const silent = keep(createTcpServer());
    silent.on("connection", (socket) => {
      keep({ close: () => socket.destroy() });
      socket.resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const options = { proxy: proxy.url, connectTimeoutMs: 50 };
    const other = keep(httpTransport(options).connect({ url: `https://127.0.0.1:${port}` }));
    expect((await failureOf(other.send(batch, {}))).message).toContain("within 50 ms");
    await expect.poll(() => proxy.openConnections).toBe(0);
  });

  it.each([
    [403, "forbidden", false, /its rules do not allow this/],
    [405, "rejected", false, /does it make tunnels/],
    [407, "unauthenticated", false, /asks for credentials/],
    [504, "unavailable", true, /does not reach it/],
  ])("says what a proxy's %i means", async (status, code, retryable, message) => {
    const { backend, proxy, sender } = await overTls();
    proxy.script({ kind: "refuse", status });
    const error = await failureOf(sender.send(batch, {}));
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`cannot reach 127.0.0.1:${backend.port} through the proxy ${proxy.url}:`);
  });

  it("tells a 407 from one of the endpoint, which it cannot be", async () => {
    const { proxy, sender } = await bench({}, {}, { credentials: "who:what" });
    const error = await failureOf(sender.send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unauthenticated", false]);
    expect(error.message).toMatch(new RegExp(`/v1/traces through the proxy ${proxy.url}: it asks for credentials`));
  });

  it("hands on what the endpoint answers through it", async () => {
    for (const start of [bench, overTls]) {
      const { backend, sender } = await start();
      backend.script({ kind: "refuse", httpStatus: 429, retryAfterMs: 2_000 });
      expect(await failureOf(sender.send(batch, {}))).toMatchObject({ code: "overloaded", retryAfterMs: 2_000 });
    }
  });

  it("closes its connections, those through the proxy too", async () => {
    for (const start of [bench, overTls]) {
      const { backend, proxy, sender } = await start();
      await sender.send(batch, {});
      await sender.close();
      await expect.poll(() => [proxy.openConnections, backend.openConnections]).toEqual([0, 0]);
    }
  });

  it("has no use for it on the way to a Unix socket", async () => {
    const path = join(tmpdir(), `otlpkit-proxy-${process.pid}.sock`);
    const server = createServer((request, response) => request.resume().on("end", () => response.end()));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    keep({ close: () => rmSync(path, { force: true }) });
    keep(server);
    const sender = keep(httpTransport({ proxy: "http://127.0.0.1:1" }).connect({ url: `unix://${path}` }));
    expect(await sender.send(batch, {})).toEqual({ rejectedItems: 0, message: "" });
  });

  it("refuses what is no HTTP proxy, without showing a password", () => {
    expect(() => httpTransport({ proxy: "socks5://who:what@proxy" })).toThrow(/^(?!.*what).*is no HTTP proxy/);
    expect(() => httpTransport({ proxy: new URL("http://proxy:3128") })).not.toThrow();
  });
});
