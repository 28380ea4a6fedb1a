import { type Batch, byteBudget, ExportError, protobufBatch, signalNames } from "@otlpkit/core";
import { encodeReply, encodeStatus } from "@otlpkit/otlp";
import { describe, expect, it } from "vitest";
import { fetchTransport, type FetchTransportOptions } from "./index.ts";

// The far side is a function here: what is tested is what an answer means, in Node and in a browser. The same meaning over
// real sockets is in http-transport.node.test.ts.

interface Call {
  readonly url: string;
  readonly init: RequestInit;
}

const url = "http://collector:4318";
const batch: Batch = protobufBatch("traces", new Uint8Array([10, 0]), 1);
const protobuf = { "content-type": "application/x-protobuf" };

function answering(...answers: (() => Response | Promise<Response>)[]) {
  const calls: Call[] = [];
  const fetch = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    calls.push({ url: input as string, init });
    if (answer === undefined) throw new Error("no answer");
    return Promise.resolve().then(answer);
  };
  const connect = (endpoint = url, options: FetchTransportOptions = {}) =>
    fetchTransport({ fetch, ...options }).connect({ url: endpoint });
  return { calls, connect };
}

const ok = () => new Response(new Uint8Array(), { headers: protobuf });
const refusing = (status: number, headers: Record<string, string> = {}, body: BodyInit | null = null) =>
  answering(() => new Response(body, { status, headers })).connect();

async function failureOf(promise: Promise<unknown>): Promise<ExportError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!ExportError.is(error)) throw new Error(`expected an ExportError, got ${String(error)}`);
  return error;
}

const bytes = (body: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(body);

describe("fetchTransport", () => {
  it("posts the bytes of the batch with its content type and no content encoding (C-01, C-02, C-07)", async () => {
    const { calls, connect } = answering(ok);
    await connect().send(batch, {});
    const [call] = calls;
    expect(call?.init.method).toBe("POST");
    expect(call?.init.body).toBe(batch.body);
    expect(call?.init.headers).toEqual(protobuf);
  });

  it("names JSON and the compression of the body (C-03, C-07)", async () => {
    const { calls, connect } = answering(ok);
    await connect().send({ ...batch, format: "json", encoding: "gzip" }, {});
    expect(calls[0]?.init.headers).toEqual({ "content-type": "application/json", "content-encoding": "gzip" });
  });

  it("sends headers of the user and of the batch, but lets neither describe the body", async () => {
    const { calls, connect } = answering(ok);
    const headers = { "X-Key": "k", "X-Tenant": "everyone", "Content-Type": "text/plain", "content-length": "3" };
    await connect(url, { headers }).send({ ...batch, headers: { "x-tenant": "t1", "transfer-encoding": "x" } }, {});
    expect(calls[0]?.init.headers).toEqual({ ...protobuf, "x-key": "k", "x-tenant": "t1" });
  });

  it("names itself when a product is given, behind it, and then once (J-01, J-02, J-04)", async () => {
    const { calls, connect } = answering(ok);
    await connect(url, { userAgent: "shop/1.0", headers: { "User-Agent": "mine" } }).send(batch, {});
    expect(calls[0]?.init.headers).toEqual({
      ...protobuf,
      "user-agent": expect.stringMatching(/^shop\/1\.0 OTel-OTLP-Exporter-TypeScript-otlpkit\/\d+\.\d+\.\d+/),
    });
  });

  it.each([
    ["http://collector:4318", "http://collector:4318/v1/traces"],
    ["http://collector:4318/", "http://collector:4318/v1/traces"],
    ["http://collector:4318/base", "http://collector:4318/base/v1/traces"],
    ["http://collector:4318/base/", "http://collector:4318/base/v1/traces"],
    ["http://collector:4318/v1/traces", "http://collector:4318/v1/traces/v1/traces"],
    ["https://collector", "https://collector/v1/traces"],
    ["https://user:secret@collector/base?key=1#part", "https://collector/base/v1/traces?key=1"],
    ["http://[::1]:4318", "http://[::1]:4318/v1/traces"],
  ])("sends traces for %s to %s (C-05, C-22)", async (endpoint, expected) => {
    const { calls, connect } = answering(ok);
    await connect(endpoint).send(batch, {});
    expect(calls[0]?.url).toBe(expected);
  });

  it.each([
    ["http://collector:4318", "http://collector:4318/"],
    ["http://collector:4318/p?k=1", "http://collector:4318/p?k=1"],
    ["https://collector/v1/metrics/", "https://collector/v1/metrics/"],
  ])("takes %s as it stands when the path is empty (C-06)", async (endpoint, expected) => {
    const { calls, connect } = answering(ok);
    await connect(endpoint, { paths: { traces: "" } }).send(batch, {});
    expect(calls[0]?.url).toBe(expected);
  });

  it("has a default path for each signal, and takes others (C-05, C-06)", async () => {
    const { calls, connect } = answering(ok);
    const sender = connect(url, { paths: { logs: "ingest/logs" } });
    for (const signal of signalNames) await sender.send({ ...batch, signal }, {});
    expect(calls.map((call) => call.url.slice(url.length))).toEqual([
      "/v1/traces",
      "/v1/metrics",
      "/ingest/logs",
      "/v1development/profiles",
    ]);
  });

  it.each(["ftp://collector", "collector:4318", "unix:///run/otlp.sock", ""])("refuses the endpoint %j", (endpoint) => {
    expect(() => fetchTransport().connect({ url: endpoint })).toThrow(ExportError);
  });

  it("does not show the password of an endpoint that it refuses", () => {
    const connect = () => fetchTransport().connect({ url: "ftp://user:secret@collector?key=secret" });
    expect(connect).toThrow(/^(?!.*secret)/);
  });

  it("reads a partial success in the type of the answer, not of the request (C-13, G-01, G-02)", async () => {
    const partial = { rejectedItems: 3, message: "three were bad" };
    const json = { "content-type": "application/json; charset=utf-8" };
    const asJson = () => new Response(bytes(encodeReply("traces", partial, "json")), { headers: json });
    const asProtobuf = () => new Response(bytes(encodeReply("traces", partial, "protobuf")), { headers: protobuf });
    const sender = answering(asJson, asProtobuf).connect();
    expect(await sender.send(batch, {})).toEqual(partial);
    expect(await sender.send({ ...batch, format: "json" }, {})).toEqual(partial);
  });

  it.each([
    ["an empty body of type JSON", "application/json", ""],
    ["a web page", "text/html", "<html>welcome</html>"],
    ["broken JSON", "application/json", "{"],
    ["broken protobuf", "application/x-protobuf", "\n\u007f"],
  ])("takes 200 with %s for a success (C-14)", async (_, type, body) => {
    const { connect } = answering(() => new Response(body, { headers: { "content-type": type } }));
    expect(await connect().send(batch, {})).toEqual({ rejectedItems: 0, message: "" });
  });

  it.each([201, 202, 204])("takes %i for a success (C-15)", async (status) => {
    const { connect } = answering(() => new Response(null, { status }));
    expect(await connect().send(batch, {})).toEqual({ rejectedItems: 0, message: "" });
  });

  it("retries 429, 502, 503 and 504, and no other of 400 to 599 (C-18, F-09, F-10)", async () => {
    const retryable: number[] = [];
    for (let status = 400; status < 600; status++) {
      if ((await failureOf(refusing(status).send(batch, {}))).retryable) retryable.push(status);
    }
    expect(retryable).toEqual([429, 502, 503, 504]);
  });

  it.each([
    [400, "invalid"],
    [401, "unauthenticated"],
    [403, "forbidden"],
    [404, "unsupported"],
    [405, "unsupported"],
    [408, "rejected"],
    [413, "too-large"],
    [415, "unsupported"],
    [429, "overloaded"],
    [500, "rejected"],
    [502, "unavailable"],
    [503, "unavailable"],
    [504, "unavailable"],
  ])("calls %i %s", async (status, code) => {
    expect((await failureOf(refusing(status).send(batch, {}))).code).toBe(code);
  });

  it.each([429, 502, 503, 504])("hands on how long %i asks to wait (F-11)", async (status) => {
    expect((await failureOf(refusing(status, { "retry-after": "7" }).send(batch, {}))).retryAfterMs).toBe(7_000);
  });

  it("pays no attention to Retry-After where nothing is to be retried", async () => {
    expect((await failureOf(refusing(400, { "retry-after": "7" }).send(batch, {}))).retryAfterMs).toBe(0);
  });

  it("repeats the message of the Status, in the type of the answer, and not its code (C-17)", async () => {
    const status = { code: 14, message: "trace id is 3 bytes" };
    for (const format of ["protobuf", "json"] as const) {
      const type = format === "json" ? "application/json" : "application/x-protobuf";
      const error = await failureOf(
        refusing(400, { "content-type": type }, bytes(encodeStatus(status, format))).send(batch, {}),
      );
      expect(error.message).toContain("trace id is 3 bytes");
      expect(error.message).toContain("http://collector:4318/v1/traces");
      expect(error.retryable).toBe(false);
    }
  });

  it("makes one short line of a proxy's error page (C-17)", async () => {
    const page = `<html><head><style>b{}</style></head><body><h1>Bad\n Gateway</h1>${"<p>nginx</p>".repeat(500)}</body></html>`;
    const error = await failureOf(refusing(502, { "content-type": "text/html" }, page).send(batch, {}));
    expect(error.message).toContain("502: Bad Gateway nginx nginx");
    expect(error.message.length).toBeLessThan(500);
  });

  it("survives a body that is not the Status it is said to be (C-17)", async () => {
    const error = await failureOf(refusing(500, protobuf, "\n\u007f").send(batch, {}));
    expect(error.message).toContain("HTTP 500");
  });

  it.each([200, 400, 503])("gives up for good on an answer of %i that is too large (C-11, C-12)", async (status) => {
    let cancelled = false;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
        cancel: () => void (cancelled = true),
      });
    const { connect } = answering(() => new Response(endless(), { status, headers: protobuf }));
    const error = await failureOf(connect(url, { maxResponseBytes: 50_000 }).send(batch, {}));
    expect([error.code, error.retryable, cancelled]).toEqual(["bad-response", false, true]);
  });

  it("does not send what is larger than allowed (C-09, C-10)", async () => {
    const { calls, connect } = answering(ok);
    const sender = connect(url, { maxRequestBytes: 100 });
    await sender.send({ ...batch, body: new Uint8Array(100) }, {});
    const error = await failureOf(sender.send({ ...batch, body: new Uint8Array(101), items: 7 }, {}));
    expect([error.code, error.retryable, calls.length]).toEqual(["too-large", false, 1]);
    expect(error.message).toContain("7 spans");
  });

  it.each([307, 308])("follows %i on the same origin, as a POST with the same body (C-16)", async (status) => {
    const moved = () => new Response(null, { status, headers: { location: "/otlp/v1/traces" } });
    const { calls, connect } = answering(moved, ok);
    await connect().send(batch, {});
    expect(calls.map((call) => [call.url, call.init.method, call.init.body])).toEqual([
      ["http://collector:4318/v1/traces", "POST", batch.body],
      ["http://collector:4318/otlp/v1/traces", "POST", batch.body],
    ]);
  });

  it("does not go round in circles (C-16)", async () => {
    const { calls, connect } = answering(
      () => new Response(null, { status: 307, headers: { location: "/v1/traces" } }),
    );
    expect((await failureOf(connect().send(batch, {}))).code).toBe("rejected");
    expect(calls.length).toBe(4);
  });

  it.each([
    [301, "http://collector:4318/new"],
    [302, "/new"],
    [307, "http://elsewhere:4318/v1/traces"],
    [308, "https://collector:4318/v1/traces"],
  ])("does not follow %i to %s, but names the place (C-16)", async (status, location) => {
    const { calls, connect } = answering(() => new Response(null, { status, headers: { location } }));
    const error = await failureOf(connect(url, { headers: { authorization: "Bearer x" } }).send(batch, {}));
    expect([error.code, error.retryable, calls.length]).toEqual(["rejected", false, 1]);
    expect(error.message).toContain(new URL(location, url).href);
  });

  it("may send again when there was no answer (F-13, F-14)", async () => {
    const { connect } = answering(() => Promise.reject(new TypeError("Failed to fetch")));
    const error = await failureOf(connect().send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unavailable", true]);
    expect(error.message).toMatch(/http:\/\/collector:4318\/v1\/traces .*CORS/);
  });

  it("may send again when a success breaks off, and not when a refusal does (C-23)", async () => {
    const broken = () =>
      new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new TypeError("network error")) });
    const sender = answering(
      () => new Response(broken(), { headers: protobuf }),
      () => new Response(broken(), { status: 400, headers: protobuf }),
    ).connect();
    expect((await failureOf(sender.send(batch, {}))).code).toBe("unavailable");
    expect((await failureOf(sender.send(batch, {}))).code).toBe("invalid");
  });

  it("ends at the deadline and at the caller's word (A-17)", async () => {
    const hanging = (_: unknown, init?: RequestInit): Promise<Response> =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
      });
    const sender = fetchTransport({ fetch: hanging }).connect({ url });
    const late = await failureOf(sender.send(batch, { deadline: performance.now() + 20 }));
    expect([late.code, late.retryable]).toEqual(["timeout", true]);
    const caller = new AbortController();
    const sending = failureOf(sender.send(batch, { signal: caller.signal, deadline: performance.now() + 60_000 }));
    caller.abort();
    expect((await sending).code).toBe("cancelled");
  });

  it("sends nothing when it is too late before it begins", async () => {
    const { calls, connect } = answering(ok);
    const sender = connect();
    expect((await failureOf(sender.send(batch, { deadline: performance.now() - 1 }))).code).toBe("timeout");
    expect((await failureOf(sender.send(batch, { signal: AbortSignal.abort() }))).code).toBe("cancelled");
    expect(calls).toEqual([]);
  });

  it("looks up the platform's fetch at each request, and passes by instrumentations of it", async () => {
    const platform = globalThis.fetch;
    const calls: string[] = [];
    const named = (name: string, original?: typeof fetch) =>
      Object.assign(() => Promise.resolve(ok()).finally(() => calls.push(name)), original && { __original: original });
    const sender = fetchTransport().connect({ url });
    try {
      globalThis.fetch = named("replaced");
      await sender.send(batch, {});
      const own = named("own");
      globalThis.fetch = named("traced twice", named("traced", own));
      await sender.send(batch, {});
      globalThis.fetch = own;
      await fetchTransport({ fetch: named("given", own) })
        .connect({ url })
        .send(batch, {});
    } finally {
      globalThis.fetch = platform;
    }
    expect(calls).toEqual(["replaced", "own", "given"]);
  });

  it("shares what browsers allow with others that are given the same budget", async () => {
    const { calls, connect } = answering(ok);
    const large = { ...batch, body: new Uint8Array(40 * 1024) };
    const keepalive = byteBudget(60 * 1024);
    const senders = [connect(url, { keepalive }), connect(url, { keepalive })];
    await Promise.all(senders.map((sender) => sender.send(large, {})));
    expect(calls.map((call) => call.init.keepalive ?? false)).toEqual([true, false]);
    expect(keepalive.usedBytes).toBe(0);
  });

  it("counts among the small requests those that are under way, however they end", async () => {
    const large = { ...batch, body: new Uint8Array(50 * 1024) };
    const { calls, connect } = answering(() => Promise.reject(new TypeError("Failed to fetch")));
    const sender = connect();
    for (let n = 0; n < 3; n++) await failureOf(sender.send(large, {}));
    await failureOf(sender.send({ ...batch, body: new Uint8Array(61 * 1024) }, {}));
    expect(calls.map((call) => call.init.keepalive ?? false)).toEqual([true, true, true, false]);
  });

  it("lets small requests outlive the page, as many as browsers allow", async () => {
    const { calls, connect } = answering(ok);
    const large = { ...batch, body: new Uint8Array(40 * 1024) };
    const sender = connect();
    await Promise.all([sender.send(large, {}), sender.send(large, {}), sender.send(batch, {})]);
    await sender.send(large, {});
    expect(calls.map((call) => call.init.keepalive ?? false)).toEqual([true, false, true, true]);
    const many = answering(ok);
    const busy = many.connect();
    await Promise.all(Array.from({ length: 11 }, () => busy.send(batch, {})));
    expect(many.calls.filter((call) => call.init.keepalive === true)).toHaveLength(9);
    const without = answering(ok);
    await without.connect(url, { keepalive: false }).send(batch, {});
    expect(without.calls[0]?.init.keepalive).toBeUndefined();
  });

  it("waits at close for what is under way, and refuses what comes later", async () => {
    let answer: (response: Response) => void = () => {};
    const { connect } = answering(() => new Promise<Response>((resolve) => (answer = resolve)));
    const sender = connect();
    const order: string[] = [];
    const sending = sender.send(batch, {}).then(() => order.push("answered"));
    await Promise.resolve();
    const closing = sender.close().then(() => order.push("closed"));
    await Promise.resolve();
    answer(ok());
    await Promise.all([sending, closing, sender.close()]);
    expect(order).toEqual(["answered", "closed"]);
    expect((await failureOf(sender.send(batch, {}))).code).toBe("closed");
  });
});
