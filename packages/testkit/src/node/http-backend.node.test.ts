import { afterEach, describe, expect, it } from "vitest";
import type { Answer, Backend } from "./backend.ts";
import { testAuthority, testClient } from "./certificates.ts";
import { goldenCase } from "./golden.ts";
import { httpBackend } from "./http-backend.ts";
import { freePort } from "./listening.ts";
import { keptConnection, rawHttp } from "./raw-http.ts";

const protobuf = { "content-type": "application/x-protobuf" };
const json = { "content-type": "application/json" };
const body = goldenCase("edge", "traces-full").binary ?? new Uint8Array();

describe("httpBackend", () => {
  let backend: Backend;
  afterEach(() => backend.close());

  const ask = (headers: Record<string, string> = protobuf) =>
    rawHttp(backend.url, { path: "/v1/traces", headers, body });

  it("takes everything until it is told otherwise, and keeps the bytes", async () => {
    backend = await httpBackend();
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(0);
    expect(backend.requests).toHaveLength(1);
    expect(backend.requests[0]).toMatchObject({ signal: "traces", method: "POST", connection: 1, aborted: false });
    expect(backend.requests[0]?.body).toEqual(body);
    expect(backend.acceptedItemIds()).toEqual(["eee19b7ec3c1b174", "eee19b7ec3c1b173"]);
  });

  it("answers in the order of its script and repeats the last", async () => {
    backend = await httpBackend();
    backend.script({ kind: "refuse", httpStatus: 502 }, (_, n) => ({ kind: "refuse", httpStatus: 500 + n }));
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([502, 502, 503]);
  });

  it("writes partial successes as the goldens have them, in both encodings", async () => {
    backend = await httpBackend();
    const { binary, json: text } = goldenCase("responses", "traces-partial");
    const expected = JSON.parse(new TextDecoder().decode(text)).partialSuccess as Record<string, string>;
    backend.script({ kind: "ok", rejectedItems: 3, message: expected["errorMessage"] ?? "" });
    expect((await ask()).body).toEqual(binary);
    expect(JSON.parse(new TextDecoder().decode((await ask(json)).body))).toEqual({ partialSuccess: expected });
  });

  it("rounds Retry-After up to full seconds", async () => {
    backend = await httpBackend();
    backend.script({ kind: "refuse", retryAfterMs: 1001 });
    expect((await ask()).headers["retry-after"]).toBe("2");
  });

  it("cuts the connection when it is told to", async () => {
    backend = await httpBackend();
    for (const when of ["before-body", "before-headers", "after-headers"] as const) {
      backend.script({ kind: "reset", when });
      await expect(ask(), when).rejects.toThrow();
    }
  });

  it.each<Answer>([{ kind: "hang" }, { kind: "drip" }, { kind: "endless" }, { kind: "endless", gzip: true }])(
    "lets go of a request that it answers with %o when it closes",
    async (answer) => {
      backend = await httpBackend();
      backend.script(answer);
      const cut = expect(ask()).rejects.toThrow();
      await backend.arrived(1);
      await backend.close();
      await cut;
      expect(backend.openConnections).toBe(0);
    },
  );

  it("tells connections apart and knows how many requests overlapped", async () => {
    backend = await httpBackend();
    const agent = keptConnection();
    const kept = () => rawHttp(backend.url, { path: "/v1/traces", headers: protobuf, agent });
    await kept();
    await kept();
    expect(backend.maxConcurrent).toBe(1);
    backend.script((_, n) => (n < 4 ? { kind: "ok", delayMs: 50 } : { kind: "ok" }));
    await Promise.all([ask(), ask()]);
    agent.destroy();
    expect(backend.requests.map(({ connection }) => connection)).toEqual([1, 1, 2, 3]);
    expect(backend.totalConnections).toBe(3);
    expect(backend.maxConcurrent).toBe(2);
  });

  it("serves TLS and asks for a client certificate", async () => {
    backend = await httpBackend({ tls: { requireClientCertificate: true } });
    const trusting = { path: "/v1/logs", ca: testAuthority, headers: protobuf };
    await expect(rawHttp(backend.url, trusting)).rejects.toThrow();
    expect((await rawHttp(backend.url, { ...trusting, ...testClient })).status).toBe(200);
  });

  it("comes up on a port that was free before", async () => {
    const port = await freePort();
    backend = await httpBackend({ port });
    expect(backend.url).toBe(`http://127.0.0.1:${port}`);
  });
});
