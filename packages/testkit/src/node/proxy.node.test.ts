import { connect as connectTcp } from "node:net";
import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type Backend, freePort, httpBackend, testProxy, type TestProxy } from "./index.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.close();
});
function keep<T extends { close(): Promise<void> }>(started: T): T {
  open.push(started);
  return started;
}

/** Asks for a tunnel, and through it for a page, if it is made. */
function tunnel(proxy: TestProxy, to: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const ask = request({ host: "127.0.0.1", port: proxy.port, method: "CONNECT", path: to, headers, agent: false });
    ask.on("error", reject);
    ask.on("connect", (response, socket) => {
      if (response.statusCode !== 200) return resolve(String(response.statusCode));
      socket.on("data", (data: Buffer) => resolve(data.toString().split("\r\n")[0] ?? ""));
      socket.write(`POST /v1/traces HTTP/1.1\r\nHost: ${to}\r\nContent-Length: 0\r\n\r\n`);
    });
    ask.end();
  });
}

/** Lets the proxy make a request. */
function forward(proxy: TestProxy, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { "proxy-authorization": "Basic eDp5" };
    const ask = request({ host: "127.0.0.1", port: proxy.port, method: "POST", path: url, headers, agent: false });
    ask.on("error", reject);
    ask.on("response", (response) => resolve(response.resume().statusCode));
    ask.end();
  });
}

async function bench(options: Parameters<typeof testProxy>[0] = {}): Promise<{ backend: Backend; proxy: TestProxy }> {
  return { backend: keep(await httpBackend()), proxy: keep(await testProxy(options)) };
}

describe("testProxy", () => {
  it("makes tunnels, and notes whereto", async () => {
    const { backend, proxy } = await bench();
    expect(await tunnel(proxy, `127.0.0.1:${backend.port}`)).toBe("HTTP/1.1 200 OK");
    expect(proxy.requests).toMatchObject([{ method: "CONNECT", target: `127.0.0.1:${backend.port}`, connection: 1 }]);
  });

  it("passes on requests for a URL, but not what is meant for itself", async () => {
    const { backend, proxy } = await bench();
    backend.script({ kind: "ok", httpStatus: 202 });
    expect(await forward(proxy, `${backend.url}/v1/traces`)).toBe(202);
    expect(proxy.requests).toMatchObject([{ method: "POST", target: `${backend.url}/v1/traces` }]);
    expect(proxy.requests[0]?.headers["proxy-authorization"]).toBe("Basic eDp5");
    expect(backend.requests[0]?.headers["proxy-authorization"]).toBeUndefined();
  });

  it("lets nobody through without the credentials it wants", async () => {
    const { backend, proxy } = await bench({ credentials: "x:y" });
    expect(await tunnel(proxy, `127.0.0.1:${backend.port}`)).toBe("407");
    const headers = { "proxy-authorization": "Basic eDp5" };
    expect(await tunnel(proxy, `127.0.0.1:${backend.port}`, headers)).toBe("HTTP/1.1 200 OK");
    expect(await forward(proxy, `${backend.url}/v1/traces`)).toBe(200);
  });

  it("refuses and hangs as its script says, and then passes", async () => {
    const { backend, proxy } = await bench();
    proxy.script({ kind: "refuse", status: 503 }, { kind: "hang" }, { kind: "pass" });
    expect(await tunnel(proxy, `127.0.0.1:${backend.port}`)).toBe("503");
    const hanging = tunnel(proxy, `127.0.0.1:${backend.port}`).catch(() => "cut");
    await expect.poll(() => proxy.requests.length).toBe(2);
    expect(await forward(proxy, `${backend.url}/v1/traces`)).toBe(200);
    await proxy.close();
    expect(await hanging).toBe("cut");
  });

  it("says that it cannot reach what is not there", async () => {
    const { proxy } = await bench();
    const nowhere = `127.0.0.1:${await freePort()}`;
    expect(await tunnel(proxy, nowhere)).toBe("502");
    expect(await forward(proxy, `http://${nowhere}/`)).toBe(502);
  });

  it("leaves nothing behind when it is closed", async () => {
    const { backend, proxy } = await bench();
    const idle = connectTcp(proxy.port, "127.0.0.1");
    idle.on("error", () => {});
    await tunnel(proxy, `127.0.0.1:${backend.port}`);
    await expect.poll(() => proxy.openConnections).toBe(2);
    await Promise.all([proxy.close(), proxy.close()]);
    await expect.poll(() => [proxy.openConnections, backend.openConnections]).toEqual([0, 0]);
  });
});
