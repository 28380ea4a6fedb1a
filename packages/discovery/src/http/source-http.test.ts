import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeHttp, fakeHttp, type FakeHttpAnswer } from "@otlpkit/testkit/node";
import { timeOf } from "../time.ts";
import { type SourceHttp, sourceHttp, type SourceHttpOptions } from "./source-http.ts";

describe("the client for sources", () => {
  let server: FakeHttp;
  let reply: (path: string) => FakeHttpAnswer;
  const clients: SourceHttp[] = [];
  const { signal } = new AbortController();

  beforeEach(async () => {
    reply = () => ({ body: { well: true } });
    server = await fakeHttp(({ path }) => reply(path));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await server.close();
  });

  function client(options: Partial<SourceHttpOptions> = {}): SourceHttp {
    const made = sourceHttp({ name: "test", url: server.url, ...options }, timeOf());
    clients.push(made);
    return made;
  }

  it("asks one question after the other on one connection", async () => {
    const http = client({ url: `${server.url}/base/` });
    for (const path of ["/a?b=c", "/d"]) {
      const answer = await http.ask({ path, signal });
      expect(answer).toMatchObject({ status: 200, text: '{"well":true}' });
      expect(answer.json()).toEqual({ well: true });
    }
    expect(server.asked.map(({ path }) => path)).toEqual(["/base/a", "/base/d"]);
    expect(server.openConnections).toBe(1);
    http.close();
    await expect.poll(() => server.openConnections).toBe(0);
  });

  it("asks again at once when the connection that was kept is gone", async () => {
    const http = client();
    await http.ask({ path: "/", signal });
    server.drop();
    expect(await http.ask({ method: "PUT", path: "/", json: { a: 1 }, signal })).toMatchObject({ status: 200 });
    expect(server.asked.at(-1)).toMatchObject({ method: "PUT", body: { a: 1 } });
  });

  it("reads no more than it may, compressed or not", async () => {
    const big = JSON.stringify("x".repeat(100_000));
    reply = () => ({ body: big });
    const http = client({ maxBytes: 50_000 });
    await expect(http.ask({ path: "/", signal })).rejects.toMatchObject({ code: "bad-response" });
    const bomb = await fakeHttp(() => ({ body: big }), { gzip: true });
    try {
      expect(gzipSync(big).byteLength).toBeLessThan(1_000);
      const asking = client({ url: bomb.url, maxBytes: 50_000 }).ask({ path: "/", signal });
      await expect(asking).rejects.toMatchObject({ code: "bad-response", message: expect.stringContaining("50000") });
      expect((await client({ url: bomb.url }).ask({ path: "/", signal })).json()).toHaveLength(100_000);
    } finally {
      await bomb.close();
    }
  });

  it("says what it makes of statuses, with the pause that is asked for", async () => {
    const codes: [number, string][] = [
      [400, "invalid"],
      [401, "unauthenticated"],
      [403, "forbidden"],
      [404, "unsupported"],
      [418, "rejected"],
      [429, "overloaded"],
      [500, "unavailable"],
      [503, "unavailable"],
    ];
    const http = client();
    for (const [status, code] of codes) {
      reply = () => ({ status, headers: { "retry-after": "7" }, body: "token=secret" });
      const error = (await http.ask({ path: "/v1?token=secret", signal })).error();
      expect(error).toMatchObject({ code, retryAfterMs: 7_000 });
      expect(error.message).toBe(`cannot ask test at ${server.url}/v1: the answer is ${status}`);
    }
  });

  it("gives up after its time, and when it is told to", async () => {
    server.fault("silent");
    const http = client({ timeoutMs: 30 });
    await expect(http.ask({ path: "/", signal })).rejects.toMatchObject({ code: "timeout", retryable: true });
    const over = new AbortController();
    const asking = http.ask({ path: "/", signal: over.signal, timeoutMs: Infinity, waiting: true });
    setTimeout(() => over.abort(), 20);
    await expect(asking).rejects.toMatchObject({ code: "cancelled" });
    await expect(http.ask({ path: "/", signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
  });

  it("gives an answer piece by piece, and closes the connection of one that is left", async () => {
    reply = () => ({ body: "a\nb\n" });
    const http = client();
    const whole = await http.open({ path: "/", signal });
    let text = "";
    for await (const piece of whole.body) text += new TextDecoder().decode(piece);
    expect(text).toBe("a\nb\n");
    reply = () => ({ body: "x".repeat(5_000_000) });
    for await (const piece of (await http.open({ path: "/", signal })).body) {
      expect(piece.byteLength).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => server.openConnections).toBeLessThanOrEqual(1);
  });

  it("tells nobody a secret in clear but this machine", async () => {
    const secrets = { authorization: "Bearer secret" };
    const far = client({ url: "http://registry.example" });
    for (const request of [{ secrets }, { confidential: true, json: { password: "secret" } }]) {
      const asking = far.ask({ path: "/", signal, ...request });
      await expect(asking).rejects.toMatchObject({ code: "rejected", message: expect.not.stringContaining("secret") });
    }
    await client().ask({ path: "/", secrets, signal });
    expect(server.asked.at(-1)?.headers.authorization).toBe("Bearer secret");
  });

  it("says whom it cannot reach", async () => {
    const http = client();
    await server.listen(false);
    await expect(http.ask({ path: "/", signal })).rejects.toThrow(
      `cannot ask test at ${server.url}/ (ECONNREFUSED): nobody listens there; is it running?`,
    );
    expect(() => client({ url: "consul:8500" })).toThrow("the URL of test must begin with http://");
  });
});
