import { createServer, type Server } from "node:net";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExportError, protobufBatch } from "@otlpkit/core";
import { grpcBackend, testAuthority, testProxy } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { grpcJsTransport } from "@otlpkit/transport-grpc/grpc-js";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { describe, expect, it } from "vitest";
import { cleanup } from "./cleanup.ts";

// What every transport does through a proxy is among the cases; this is how gRPC does it.

const keep = cleanup();
const batch = protobufBatch("traces", new Uint8Array([10, 0]), 1);

async function failure(sent: Promise<unknown>): Promise<ExportError> {
  const error: unknown = await sent.then(
    () => new Error("was not refused"),
    (reason: unknown) => reason,
  );
  if (!ExportError.is(error)) throw error;
  return error;
}

describe("the node:http2 transport through a proxy", () => {
  it("asks it for a tunnel, to plain endpoints too, and tells it no more than whereto", async () => {
    for (const tls of [false, true]) {
      const backend = keep(await grpcBackend({ tls }));
      const proxy = keep(await testProxy());
      const transport = grpcTransport({ proxy: proxy.url, tls: { ca: testAuthority }, headers: { "x-key": "k" } });
      await keep(transport.connect(backend)).send(batch, {});
      const place = `127.0.0.1:${backend.port}`;
      expect(proxy.requests).toMatchObject([{ method: "CONNECT", target: place, headers: { host: place } }]);
      expect(proxy.requests[0]?.headers["x-key"]).toBeUndefined();
      expect(backend.requests[0]?.headers["x-key"]).toBe("k");
    }
  });

  it("takes endpoints without a scheme through it, and large requests", async () => {
    const backend = keep(await grpcBackend());
    const proxy = keep(await testProxy());
    const sender = keep(
      grpcTransport({ proxy: proxy.url, insecure: true }).connect({ url: `127.0.0.1:${backend.port}` }),
    );
    await sender.send({ ...batch, body: new Uint8Array(5_000_000) }, {});
    expect(backend.requests[0]?.body.byteLength).toBe(5_000_000);
  });

  it.each([
    [403, "forbidden", false, /its rules do not allow this/],
    [405, "rejected", false, /does it make tunnels/],
    [407, "unauthenticated", false, /asks for credentials/],
    [504, "unavailable", true, /does not reach it/],
  ])("says what a proxy's %i means, to all that wait for it", async (status, code, retryable, message) => {
    const backend = keep(await grpcBackend());
    const proxy = keep(await testProxy());
    proxy.script({ kind: "refuse", status });
    const sender = keep(grpcTransport({ proxy: proxy.url }).connect(backend));
    const errors = await Promise.all([1, 2].map(() => failure(sender.send(batch, {}))));
    for (const error of errors) {
      expect(error).toMatchObject({ code, retryable });
      expect(error.message).toMatch(message);
      expect(error.message).toContain(`cannot reach 127.0.0.1:${backend.port} through the proxy ${proxy.url}:`);
    }
    expect(proxy.requests).toHaveLength(1);
  });

  it("gives up on a tunnel that does not come about, and says whose fault it is", async () => {
    const proxy = keep(await testProxy());
    proxy.script({ kind: "hang" });
    const sender = keep(
      grpcTransport({ proxy: proxy.url, connectTimeoutMs: 50 }).connect({ url: "http://127.0.0.1:9" }),
    );
    const error = await failure(sender.send(batch, {}));
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(error.message).toContain(`through the proxy ${proxy.url} (ETIMEDOUT)`);
    await expect.poll(() => proxy.openConnections).toBe(0);
  });

  it("gives up on a far side that says nothing in the tunnel", async () => {
    const silent: Server = createServer((socket) => {
      keep({ close: () => socket.destroy() });
      socket.resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    keep(silent);
    const proxy = keep(await testProxy());
    const { port } = silent.address() as { port: number };
    for (const scheme of ["http", "https"]) {
      const transport = grpcTransport({ proxy: proxy.url, connectTimeoutMs: 50 });
      const error = await failure(keep(transport.connect({ url: `${scheme}://127.0.0.1:${port}` })).send(batch, {}));
      expect(error).toMatchObject({ code: "unavailable", retryable: true });
      expect(error.message).toContain("ETIMEDOUT");
    }
    await expect.poll(() => proxy.openConnections).toBe(0);
  });

  it("does not trust a proxy of another authority", async () => {
    const proxy = keep(await testProxy({ tls: true }));
    const sender = keep(grpcTransport({ proxy: proxy.url }).connect({ url: "http://127.0.0.1:9" }));
    const error = await failure(sender.send(batch, {}));
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(error.message).toMatch(/through the proxy https:.*its certificate is not trusted/);
    const plain = keep(await testProxy());
    const other = keep(
      grpcTransport({ proxy: plain.url.replace("http:", "https:") }).connect({ url: "http://127.0.0.1:9" }),
    );
    expect((await failure(other.send(batch, {}))).message).toContain("the proxy does not speak TLS");
  });

  it("has no use for it on the way to a Unix socket", async () => {
    const path = join(tmpdir(), `otlpkit-grpc-proxy-${process.pid}.sock`);
    keep({ close: () => rmSync(path, { force: true }) });
    const seen: number[] = [];
    keep(
      await grpcReceiver({ path }).listen({
        async send({ items }) {
          seen.push(items);
          return { rejectedItems: 0, message: "" };
        },
        async close() {},
      }),
    );
    await keep(grpcTransport({ proxy: "http://127.0.0.1:1" }).connect({ url: `unix://${path}` })).send(batch, {});
    expect(seen).toHaveLength(1);
  });

  it("refuses what is no HTTP proxy, without showing a password", () => {
    expect(() => grpcTransport({ proxy: "socks5://who:what@proxy" })).toThrow(/^(?!.*what).*is no HTTP proxy/);
    expect(() => grpcTransport({ proxy: new URL("http://proxy:3128") })).not.toThrow();
  });
});

describe("the grpc-js transport", () => {
  it("takes no proxy, and says where it finds one", () => {
    const make = () => grpcJsTransport({ proxy: "http://who:what@proxy:3128" });
    expect(make).toThrow(ExportError);
    expect(make).toThrow(/^(?!.*what).*http:\/\/proxy:3128.*grpc_proxy/);
  });
});
