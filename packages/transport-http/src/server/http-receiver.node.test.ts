import { existsSync, rmSync } from "node:fs";
import { Agent, createServer, type IncomingHttpHeaders, request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  accepted,
  type ByteBudget,
  byteBudget,
  ExportError,
  fairBudget,
  type Format,
  type Signal,
  signalNames,
  signals,
} from "@otlpkit/core";
import { gzip, zstd } from "@otlpkit/compression";
import { decodeReply, decodeStatus, grpcCode, protobufToJson } from "@otlpkit/otlp";
import { type RecordingSender, recordingSender, seeded } from "@otlpkit/testkit";
import { golden, goldenCase, testAuthority, testClient, testServer } from "@otlpkit/testkit/node";
import { afterEach, describe, expect, it } from "vitest";
import { httpHandler, httpReceiver, type HttpReceiverOptions } from "./index.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Trial {
  readonly pipeline: RecordingSender;
  readonly address: string;
  readonly post: (body: Uint8Array, options?: PostOptions) => Promise<Reply>;
  readonly close: (options?: { graceMs?: number }) => Promise<void>;
}

interface PostOptions {
  readonly format?: Format;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly path?: string;
  readonly chunked?: boolean;
  readonly agent?: Agent;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

const contentTypes = { protobuf: "application/x-protobuf", json: "application/json" };

async function receiver(options: HttpReceiverOptions = {}): Promise<Trial> {
  const pipeline = recordingSender();
  const listening = await httpReceiver({ port: 0, compressors: [gzip()], ...options }).listen(pipeline);
  cleanups.push(() => listening.close({ graceMs: 0 }));
  const { address } = listening;
  const to: RequestOptions = address.startsWith("unix:")
    ? { socketPath: address.slice(5) }
    : { host: "127.0.0.1", port: new URL(`http://${address}`).port };
  return { pipeline, address, post: (body, how) => postTo(to, body, how), close: (how) => listening.close(how) };
}

function postTo(to: RequestOptions, body: Uint8Array, options: PostOptions = {}): Promise<Reply> {
  const { format = "protobuf", method = "POST", path = "/v1/traces", chunked = false } = options;
  const framing = chunked ? { "transfer-encoding": "chunked" } : { "content-length": String(body.byteLength) };
  const headers = Object.entries({ "content-type": contentTypes[format], ...framing, ...options.headers });
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...to,
      method,
      path,
      agent: options.agent ?? false,
      // An empty value leaves the header out.
      headers: Object.fromEntries(headers.filter(([, value]) => value !== "")),
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode as number, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.end(body);
  });
}

function keptAlive(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanups.push(() => agent.destroy());
  return agent;
}

function messageOf(reply: Reply): string {
  const format = reply.headers["content-type"] === contentTypes.json ? "json" : "protobuf";
  return decodeStatus(reply.body, format).message;
}

const formats = ["protobuf", "json"] as const;
const data = seeded(7);
const spans = data.traces({ items: 4 }).body;
const json = protobufToJson("traces", spans);
const bodyIn = { protobuf: spans, json };
const malformed = { protobuf: new Uint8Array([10, 127, 1]), json: Buffer.from('{"resourceSpans":[{') };

describe("httpReceiver", () => {
  it("hands a request to the pipeline as it came, and answers with nothing but success (D-08, K-11)", async () => {
    const { pipeline, post } = await receiver();
    const reply = await post(spans);
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({ "content-type": "application/x-protobuf", "content-length": "0" });
    const [batch] = pipeline.batches;
    expect(batch).toMatchObject({ signal: "traces", items: 4, format: "protobuf", encoding: "identity", headers: {} });
    expect(Buffer.compare(batch?.body as Uint8Array, spans)).toBe(0);
  });

  it("makes protobuf of JSON, and answers in JSON (D-04, D-08)", async () => {
    const { pipeline, post } = await receiver();
    const reply = await post(json, { format: "json" });
    expect([reply.status, Buffer.from(reply.body).toString()]).toEqual([200, "{}"]);
    expect(reply.headers["content-type"]).toBe("application/json");
    expect(Buffer.compare(pipeline.batches[0]?.body as Uint8Array, spans)).toBe(0);
    expect(pipeline.batches[0]).toMatchObject({ items: 4, format: "protobuf" });
  });

  it("has a path for each signal (K-02)", async () => {
    const { pipeline, post } = await receiver();
    const bodies: Partial<Record<Signal, Uint8Array>> = {
      traces: spans,
      metrics: data.metrics().body,
      logs: data.logs().body,
    };
    for (const signal of signalNames) {
      const reply = await post(bodies[signal] ?? new Uint8Array(), { path: signals[signal].httpPath });
      expect([signal, reply.status]).toEqual([signal, 200]);
    }
    expect(pipeline.batches.map(({ signal }) => signal)).toEqual(["traces", "metrics", "logs"]);
  });

  it("takes other paths, and only the signals it is told to take (D-20)", async () => {
    const { post } = await receiver({ signals: ["traces"], paths: { traces: "/ingest/otlp" } });
    expect((await post(spans, { path: "/ingest/otlp" })).status).toBe(200);
    expect((await post(spans, { path: "/ingest/otlp?debug=1" })).status).toBe(200);
    expect((await post(spans, { path: "/v1/traces" })).status).toBe(404);
    expect((await post(spans, { path: "/v1/logs" })).status).toBe(404);
  });

  it("takes both types on one connection, in turns (D-06)", async () => {
    const { pipeline, post } = await receiver();
    const agent = keptAlive();
    for (const format of [...formats, ...formats]) {
      const reply = await post(bodyIn[format], { format, agent });
      expect(reply.headers["content-type"]).toBe(contentTypes[format]);
    }
    expect(pipeline.batches).toHaveLength(4);
  });

  it.each(["Application/JSON; charset=UTF-8", "application/json;charset=utf-8", "APPLICATION/JSON"])(
    "knows %s for JSON (D-05)",
    async (contentType) => {
      const { post } = await receiver();
      const reply = await post(json, { headers: { "content-type": contentType } });
      expect([reply.status, reply.headers["content-type"]]).toEqual([200, "application/json"]);
    },
  );

  it.each(["gzip", "x-gzip", "GZIP"])("reads a body in %s (D-01, D-19)", async (encoding) => {
    const { pipeline, post } = await receiver();
    expect((await post(gzipSync(spans), { headers: { "content-encoding": encoding } })).status).toBe(200);
    expect(Buffer.compare(pipeline.batches[0]?.body as Uint8Array, spans)).toBe(0);
  });

  it("reads a body of several gzip members whole (D-01)", async () => {
    const { pipeline, post } = await receiver();
    const members = Buffer.concat([gzipSync(spans.subarray(0, 50)), gzipSync(spans.subarray(50))]);
    expect((await post(members, { headers: { "content-encoding": "gzip" } })).status).toBe(200);
    expect(Buffer.compare(pipeline.batches[0]?.body as Uint8Array, spans)).toBe(0);
  });

  it("reads other compressions it was given, and a body that is not compressed and says so (D-19)", async () => {
    const { pipeline, post } = await receiver({ compressors: [gzip(), zstd()] });
    const packed = await zstd().compress(spans);
    expect((await post(packed, { headers: { "content-encoding": "zstd" } })).status).toBe(200);
    expect((await post(spans, { headers: { "content-encoding": "identity" } })).status).toBe(200);
    expect(pipeline.batches.map(({ items }) => items)).toEqual([4, 4]);
  });

  it.each([
    ["no bytes", "protobuf", ""],
    ["an empty object", "json", "{}"],
    ["an empty list", "json", '{"resourceSpans":[]}'],
  ] as const)("answers %s with success and troubles nobody with it (D-09, N1-03)", async (_, format, body) => {
    const { pipeline, post } = await receiver();
    const reply = await post(Buffer.from(body), { format });
    expect([reply.status, Buffer.from(reply.body).toString()]).toEqual([200, format === "json" ? "{}" : ""]);
    expect(pipeline.batches).toEqual([]);
  });

  it.each(formats)("reports a partial success in %s (D-10, D-11)", async (format) => {
    const { pipeline, post } = await receiver();
    pipeline.script({ rejectedItems: 3, message: "too old" });
    const reply = await post(bodyIn[format], { format });
    expect([reply.status, reply.headers["content-type"]]).toEqual([200, contentTypes[format]]);
    expect(decodeReply("traces", reply.body, format)).toEqual({ rejectedItems: 3, message: "too old" });
    if (format === "json") expect(Buffer.from(reply.body).toString()).toContain('"rejectedSpans":"3"');
  });

  it("shortens what it has to say until it fits, and keeps the count (D-16)", async () => {
    const { pipeline, post } = await receiver({ maxResponseBytes: 64 });
    pipeline.script({ rejectedItems: 3, message: "very ".repeat(100) });
    const reply = await post(spans);
    expect(reply.body.byteLength).toBeLessThanOrEqual(64);
    expect(decodeReply("traces", reply.body, "protobuf").rejectedItems).toBe(3);
  });

  it("answers 500 when even that does not fit (D-16)", async () => {
    const { pipeline, post } = await receiver({ maxResponseBytes: 1 });
    pipeline.script({ rejectedItems: 3, message: "too old" });
    const reply = await post(spans);
    expect([reply.status, reply.body.byteLength]).toEqual([500, 0]);
  });

  describe.each(formats)("refusing in %s (D-04, D-12, D-13)", (format) => {
    it("answers 400 to what cannot be read, and says where (D-14)", async () => {
      const { pipeline, post } = await receiver();
      const reply = await post(malformed[format], { format });
      expect([reply.status, reply.headers["content-type"]]).toEqual([400, contentTypes[format]]);
      const status = decodeStatus(reply.body, format);
      expect(status.code).toBe(grpcCode.INVALID_ARGUMENT);
      expect(status.message).not.toBe("");
      expect(status.fieldViolations).toHaveLength(1);
      expect(pipeline.batches).toEqual([]);
    });

    it("answers 400 to a damaged gzip (D-14)", async () => {
      const { post } = await receiver();
      const body = gzipSync(bodyIn[format]).subarray(0, 60);
      const reply = await post(body, { format, headers: { "content-encoding": "gzip" } });
      expect([reply.status, reply.headers["content-type"]]).toEqual([400, contentTypes[format]]);
      expect(messageOf(reply)).not.toBe("");
    });

    it("answers 413 to a body over the limit, and takes one at the limit (D-02, D-03, N1-01)", async () => {
      const body = bodyIn[format];
      const { pipeline, post } = await receiver({ maxRequestBytes: body.byteLength });
      const larger = Buffer.concat([body, Buffer.from(" ")]);
      const agent = keptAlive();
      expect((await post(body, { format, agent })).status).toBe(200);
      for (const chunked of [false, true]) {
        const reply = await post(larger, { format, chunked });
        expect([reply.status, reply.headers["content-type"]]).toEqual([413, contentTypes[format]]);
        expect(messageOf(reply)).toContain(String(body.byteLength));
      }
      expect(pipeline.batches).toHaveLength(1);
    });

    // What the pipeline says, and what the sender may make of it: again after 429 and 503 only (D-17).
    it.each([
      [new ExportError("overloaded", "busy", { retryAfterMs: 250 }), 429, "1"],
      [new ExportError("unavailable", "gone", { retryAfterMs: 2_001 }), 503, "3"],
      [new ExportError("unavailable", "gone"), 503, undefined],
      [new ExportError("timeout", "late"), 503, undefined],
      [new ExportError("rejected", "for now", { retryable: true }), 503, undefined],
      [new ExportError("closed", "shutting down"), 503, undefined],
      [new ExportError("invalid", "bad"), 400, undefined],
      [new ExportError("unauthenticated", "who"), 401, undefined],
      [new ExportError("forbidden", "no"), 403, undefined],
      [new ExportError("too-large", "much"), 413, undefined],
      [new ExportError("unsupported", "what"), 501, undefined],
      [new ExportError("rejected", "never"), 500, undefined],
      [new ExportError("bad-response", "huh"), 500, undefined],
      [new ExportError("unavailable", "for good", { retryable: false, retryAfterMs: 9 }), 500, undefined],
    ])("turns %s into %i, Retry-After %s (D-15, D-17, K-09)", async (error, status, retryAfter) => {
      const { pipeline, post } = await receiver();
      pipeline.script(error);
      const reply = await post(bodyIn[format], { format });
      expect([reply.status, reply.headers["retry-after"]]).toEqual([status, retryAfter]);
      expect(reply.headers["content-type"]).toBe(contentTypes[format]);
      expect(messageOf(reply)).toBe(error.message);
    });
  });

  it("answers 500 to an error that nobody foresaw", async () => {
    const { pipeline, post } = await receiver();
    pipeline.script(() => {
      throw new TypeError("cannot read properties of undefined");
    });
    expect((await post(spans)).status).toBe(500);
  });

  it.each([
    ["a path of nobody", { path: "/v2/traces" }, 404],
    ["a path with a slash too many", { path: "/v1/traces/" }, 404],
    ["PUT", { method: "PUT" }, 405],
    ["GET", { method: "GET" }, 405],
    ["an unknown content type", { headers: { "content-type": "text/plain" } }, 415],
    ["the other name of protobuf (K-04)", { headers: { "content-type": "application/protobuf" } }, 415],
    ["no content type", { headers: { "content-type": "" } }, 415],
    ["an unknown content encoding", { headers: { "content-encoding": "br" } }, 415],
    ["several content encodings (D-19)", { headers: { "content-encoding": "gzip, gzip" } }, 415],
  ] satisfies [string, PostOptions, number][])("refuses %s and stays usable (D-18)", async (_, options, status) => {
    const { pipeline, post } = await receiver();
    const agent = keptAlive();
    const reply = await post(spans, { agent, ...options });
    expect(reply.status).toBe(status);
    expect(messageOf(reply)).not.toBe("");
    expect(reply.headers.connection).toBe("keep-alive");
    expect((await post(spans, { agent })).status).toBe(200);
    expect(pipeline.batches).toHaveLength(1);
  });

  it("says what is allowed and what is accepted (D-18)", async () => {
    const { post } = await receiver();
    expect((await post(spans, { method: "DELETE" })).headers.allow).toBe("POST");
    const reply = await post(spans, { headers: { "content-encoding": "br" } });
    expect(reply.headers["accept-encoding"]).toBe("gzip, x-gzip, identity");
  });

  it("lets a HEAD or GET pass by without harm (D-22)", async () => {
    const { post } = await receiver();
    const reply = await post(new Uint8Array(), { method: "HEAD" });
    expect([reply.status, reply.body.byteLength]).toEqual([405, 0]);
  });

  it("tells of requests that never reached the pipeline", async () => {
    const refusals: { signal?: Signal; error: ExportError }[] = [];
    const { pipeline, post } = await receiver({ onRefused: (refusal) => refusals.push(refusal) });
    await post(malformed.protobuf);
    await post(spans, { path: "/elsewhere" });
    pipeline.script(new ExportError("unavailable", "gone"));
    await post(spans);
    expect(refusals.map(({ signal, error }) => [signal, error.code])).toEqual([
      ["traces", "invalid"],
      [undefined, "unsupported"],
    ]);
  });

  it("carries onward the headers that it is told to, and no others", async () => {
    const { pipeline, post } = await receiver({ onwardHeaders: ["X-Tenant", "x-absent"] });
    await post(spans, { headers: { "x-tenant": "t1", authorization: "Bearer x" } });
    expect(pipeline.batches[0]?.headers).toEqual({ "x-tenant": "t1" });
  });

  it("gives the pipeline a deadline when it has one", async () => {
    const { pipeline, post } = await receiver({ answerTimeoutMs: 20 });
    pipeline.script("hang");
    expect((await post(spans)).status).toBe(503);
    expect(pipeline.options[0]?.deadline).toBeGreaterThan(0);
  });

  it("decodes a request of another signal without harm: field numbers coincide (D-21)", async () => {
    const { post } = await receiver();
    expect([200, 400]).toContain((await post(data.logs().body)).status);
  });
});

describe("httpReceiver and golden requests", () => {
  it.each(golden({ group: "json-reject" }).filter(({ expect: expected }) => expected.startsWith("MUST")))(
    "answers 400 to $name (D-14)",
    async ({ signal, json: body }) => {
      const { post } = await receiver();
      const path = signals[signal ?? "traces"].httpPath;
      expect((await post(body as Uint8Array, { path, format: "json" })).status).toBe(400);
    },
  );

  it.each(golden({ group: "binary-only" }).filter(({ name }) => /^(malformed|invalid-utf8|json-sent)/.test(name)))(
    "answers 400 to $name (D-14)",
    async ({ signal, binary }) => {
      const { post } = await receiver();
      const path = signals[signal ?? "traces"].httpPath;
      expect((await post(binary as Uint8Array, { path })).status).toBe(400);
    },
  );

  it.each(golden({ group: "gzip" }).map((one) => ({ ...one, status: /\b(200|400|413)\b/.exec(one.expect)?.[1] })))(
    "answers $status to $name (D-01, D-14)",
    async ({ signal, binary, status }) => {
      const { post } = await receiver();
      const headers = { "content-encoding": "gzip" };
      const reply = await post(binary as Uint8Array, { path: signals[signal ?? "traces"].httpPath, headers });
      expect(String(reply.status)).toBe(status);
    },
  );

  it("refuses a bomb without inflating it (D-02)", async () => {
    const bomb = goldenCase("gzip", "bomb-65MiB.gz").binary as Uint8Array;
    const { post } = await receiver();
    const before = process.memoryUsage().arrayBuffers;
    const reply = await post(bomb, { headers: { "content-encoding": "gzip" } });
    expect(reply.status).toBe(413);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(80 * 1024 * 1024);
  });
});

describe("httpReceiver and its budget", () => {
  function watched(maxBytes: number): ByteBudget & { peakBytes: number } {
    const budget = byteBudget(maxBytes);
    return {
      peakBytes: 0,
      maxBytes,
      largestBytes: maxBytes,
      retryAfterMs: () => 0,
      get usedBytes() {
        return budget.usedBytes;
      },
      reserve(bytes) {
        const fits = budget.reserve(bytes);
        this.peakBytes = Math.max(this.peakBytes, budget.usedBytes);
        return fits;
      },
      release: (bytes) => budget.release(bytes),
    };
  }

  it("holds what a request takes until it is answered, and no longer (P5)", async () => {
    const budget = byteBudget(1024 * 1024);
    const { pipeline, post } = await receiver({ budget });
    let held = 0;
    pipeline.script(() => {
      held = budget.usedBytes;
      return { rejectedItems: 0, message: "" };
    });
    await post(spans);
    expect(held).toBe(spans.byteLength);
    await post(gzipSync(spans), { headers: { "content-encoding": "gzip" } });
    expect(held).toBe(spans.byteLength);
    await post(spans, { chunked: true });
    expect(held).toBeGreaterThanOrEqual(spans.byteLength);
    await post(malformed.protobuf);
    await expect.poll(() => budget.usedBytes).toBe(0);
  });

  it("answers 503 and when to come back to what does not fit, with and without a length (D-15)", async () => {
    const budget = byteBudget(spans.byteLength);
    budget.reserve(1);
    const { pipeline, post } = await receiver({ budget, retryAfterMs: 1_500 });
    for (const chunked of [false, true]) {
      const reply = await post(spans, { chunked });
      expect([reply.status, reply.headers["retry-after"]]).toEqual([503, "2"]);
    }
    expect(pipeline.batches).toEqual([]);
    await expect.poll(() => budget.usedBytes).toBe(1);
  });

  it("refuses before it asks for the body of those who wait to be asked", async () => {
    const budget = byteBudget(spans.byteLength);
    budget.reserve(1);
    const { post } = await receiver({ budget });
    const reply = await post(spans, { headers: { expect: "100-continue" } });
    expect([reply.status, reply.headers["retry-after"]]).toEqual([503, "1"]);
  });

  it("computes from the drain rate when to come back", async () => {
    let nowMs = 0;
    const budget = fairBudget({ maxBytes: 1_000_000, headroom: 0, now: () => nowMs, random: () => 0 });
    budget.reserve(1_000_000);
    nowMs = 1_000;
    budget.release(spans.byteLength);
    budget.reserve(spans.byteLength);
    const { post } = await receiver({ budget });
    // A request as large took a second, and the one before stands in line.
    const waits = [await post(spans), await post(spans), await post(spans)];
    expect(waits.map(({ status, headers }) => [status, headers["retry-after"]])).toEqual([
      [503, "1"],
      [503, "2"],
      [503, "3"],
    ]);
  });

  it("refuses for good what will never fit, compressed or not", async () => {
    const budget = byteBudget(spans.byteLength - 1);
    const { pipeline, post } = await receiver({ budget });
    for (const chunked of [false, true]) expect((await post(spans, { chunked })).status).toBe(413);
    const packed = gzipSync(spans);
    expect((await post(packed, { headers: { "content-encoding": "gzip" } })).status).toBe(413);
    expect(pipeline.batches).toEqual([]);
    await expect.poll(() => budget.usedBytes).toBe(0);
  });

  it("decompresses only into room that it has", async () => {
    const large = data.traces({ items: 2_000 }).body;
    const budget = watched(8 * 1024 * 1024);
    budget.reserve(7.5 * 1024 * 1024);
    const { pipeline, post } = await receiver({ budget });
    const reply = await post(gzipSync(large), { headers: { "content-encoding": "gzip" } });
    expect([reply.status, pipeline.batches.length]).toEqual([503, 0]);
    expect(budget.peakBytes).toBeLessThanOrEqual(8 * 1024 * 1024);
    await expect.poll(() => budget.usedBytes).toBe(7.5 * 1024 * 1024);
  });

  it("takes what fits as long as it needs no more than there is, however small the budget", async () => {
    const budget = byteBudget(spans.byteLength + gzipSync(spans).byteLength);
    const { post } = await receiver({ budget });
    expect((await post(gzipSync(spans), { headers: { "content-encoding": "gzip" } })).status).toBe(200);
    expect((await post(spans, { chunked: true })).status).toBe(200);
  });

  it("tells tenants apart by a header, and refuses with 429 only the one that asks too much", async () => {
    const refused: unknown[] = [];
    const budget = fairBudget({ maxBytes: 10 * spans.byteLength, headroom: 0.2 });
    const { pipeline, post } = await receiver({
      budget,
      tenantHeader: "X-Tenant",
      onRefused: ({ signal, tenant, error }) => refused.push([signal, tenant, error.code]),
    });
    const of = (tenant: string): Promise<Reply> => post(spans, { headers: { "x-tenant": tenant } });
    pipeline.script("hang");
    const held = Array.from({ length: 8 }, () => of("noisy").catch(() => undefined));
    await expect.poll(() => pipeline.batches.length).toBe(8);
    pipeline.script(accepted);
    const noisy = await of("noisy");
    expect([noisy.status, noisy.headers["retry-after"]]).toEqual([429, expect.stringMatching(/^[1-9]\d*$/)]);
    expect((await of("quiet")).status).toBe(200);
    expect((await post(spans)).status).toBe(200);
    expect(pipeline.batches.slice(-2).map(({ tenant }) => tenant)).toEqual(["quiet", undefined]);
    expect(pipeline.batches[0]?.tenant).toBe("noisy");
    expect(refused).toEqual([["traces", "noisy", "overloaded"]]);
    await pipeline.close();
    await Promise.all(held);
    await expect.poll(() => budget.usedBytes).toBe(0);
  });

  it("takes no novel for the name of a tenant", async () => {
    const { post } = await receiver({ tenantHeader: "x-tenant" });
    expect((await post(spans, { headers: { "x-tenant": "n".repeat(129) } })).status).toBe(400);
    expect((await post(spans, { headers: { "x-tenant": "n".repeat(128) } })).status).toBe(200);
  });

  it("takes a body that shrinks more than most when there is room for it", async () => {
    const [span] = [data.traces({ items: 1 }).body];
    const repeated = Buffer.concat(Array.from({ length: 2_000 }, () => span));
    const packed = gzipSync(repeated);
    expect(repeated.byteLength / packed.byteLength).toBeGreaterThan(16);
    const { pipeline, post } = await receiver();
    expect((await post(packed, { headers: { "content-encoding": "gzip" } })).status).toBe(200);
    expect(pipeline.batches[0]?.items).toBe(2_000);
  });

  it("reads a large body in whatever pieces it comes, with and without its length", async () => {
    const large = data.traces({ items: 5_000 }).body;
    expect(large.byteLength).toBeGreaterThan(2 * 1024 * 1024);
    const { pipeline, post } = await receiver();
    for (const chunked of [false, true]) expect((await post(large, { chunked })).status).toBe(200);
    for (const batch of pipeline.batches) expect(Buffer.compare(batch.body, large)).toBe(0);
  });
});

describe("httpReceiver's door", () => {
  it("listens on loopback unless told otherwise, and says where (K-10)", async () => {
    expect((await receiver()).address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect((await receiver({ host: "::1" })).address).toMatch(/^\[::1\]:\d+$/);
  });

  it("says which port is taken", async () => {
    const { address } = await receiver();
    const port = Number(address.split(":")[1]);
    await expect(httpReceiver({ port }).listen(recordingSender())).rejects.toThrow(`${address} (EADDRINUSE)`);
  });

  it("listens on a Unix socket, even where a dead process left one, but not where a living one listens", async () => {
    const path = join(tmpdir(), `otlpkit-receiver-${process.pid}.sock`);
    cleanups.push(() => rmSync(path, { force: true }));
    // Bound by name and closed by handle, as after a kill: the file stays.
    const dead = createTcpServer();
    await new Promise<void>((resolve) => dead.listen(`${path}.dead`, resolve));
    const { linkSync } = await import("node:fs");
    linkSync(`${path}.dead`, path);
    await new Promise((resolve) => dead.close(resolve));
    expect(existsSync(path)).toBe(true);

    const { address, post } = await receiver({ path });
    expect(address).toBe(`unix:${path}`);
    expect((await post(spans)).status).toBe(200);
    await expect(httpReceiver({ path }).listen(recordingSender())).rejects.toThrow("EADDRINUSE");
  });

  it("speaks TLS, and asks for certificates when told to", async () => {
    const tls = { ...testServer, ca: testAuthority, requireClientCert: true };
    const { address, pipeline } = await receiver({ tls });
    const reply = (identity: object): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = { "content-type": contentTypes.protobuf, "content-length": spans.byteLength };
        const url = `https://${address}/v1/traces`;
        const request = httpsRequest(url, { method: "POST", headers, agent: false, ca: testAuthority, ...identity });
        request.on("response", (response) => {
          response.resume();
          resolve(response.statusCode as number);
        });
        request.on("error", reject);
        request.end(spans);
      });
    expect(await reply(testClient)).toBe(200);
    await expect(reply({})).rejects.toThrow();
    expect(pipeline.batches).toHaveLength(1);
  });

  it("waits at close for answers that are owed, and takes nothing new", async () => {
    const { pipeline, post, close } = await receiver();
    let answer: () => void = () => {};
    pipeline.script(() => new Promise((resolve) => (answer = () => resolve({ rejectedItems: 0, message: "" }))));
    const agent = keptAlive();
    const sending = post(spans, { agent });
    await expect.poll(() => pipeline.underWay).toBe(1);
    let closed = false;
    const closing = close().then(() => (closed = true));
    await expect(post(spans)).rejects.toThrow("ECONNREFUSED");
    expect(closed).toBe(false);
    answer();
    const reply = await sending;
    expect(reply.status).toBe(200);
    await closing;
    expect(pipeline.closed).toBe(false);
  });

  it("cuts at close what is not answered in time, and tells the pipeline", async () => {
    const { pipeline, post, close } = await receiver();
    pipeline.script("hang");
    const sending = expect(post(spans)).rejects.toThrow();
    await expect.poll(() => pipeline.underWay).toBe(1);
    await close({ graceMs: 20 });
    await sending;
    await expect.poll(() => pipeline.options[0]?.signal?.aborted).toBe(true);
  });

  it("is a handler on a server of one's own", async () => {
    const pipeline = recordingSender();
    const handle = httpHandler(pipeline);
    const server = createServer((request, response) => {
      if (request.url === "/health") response.end("well");
      else handle(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const to = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    expect((await postTo(to, spans)).status).toBe(200);
    expect(Buffer.from((await postTo(to, new Uint8Array(), { method: "GET", path: "/health" })).body).toString()).toBe(
      "well",
    );
    expect(pipeline.batches).toHaveLength(1);
  });
});

describe("httpReceiver and browsers (K-07)", () => {
  const cors = { allowedOrigins: ["https://shop.example", "https://*.example.com"], allowedHeaders: ["X-Key"] };
  const preflight = (origin: string): PostOptions => ({
    method: "OPTIONS",
    headers: {
      origin,
      "content-type": "",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,x-key",
    },
  });

  it.each(["https://shop.example", "https://a.example.com", "https://a.b.example.com"])(
    "lets %s in",
    async (origin) => {
      const { post } = await receiver({ cors });
      const before = await post(new Uint8Array(), preflight(origin));
      expect(before.status).toBe(204);
      expect(before.headers).toMatchObject({
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type, content-encoding, x-key",
        "access-control-max-age": "7200",
        vary: "origin",
      });
      for (const body of [spans, malformed.protobuf]) {
        const reply = await post(body, { headers: { origin } });
        expect(reply.headers).toMatchObject({ "access-control-allow-origin": origin, vary: "origin" });
        expect(reply.headers).not.toHaveProperty("access-control-allow-credentials");
      }
    },
  );

  it.each([
    "https://shop.example.evil",
    "http://shop.example",
    "https://example.com",
    "https://evil/.example.com",
    "https://evil:1@a.example.com",
    "null",
  ])("tells %s nothing", async (origin) => {
    const { post } = await receiver({ cors });
    for (const reply of [await post(new Uint8Array(), preflight(origin)), await post(spans, { headers: { origin } })]) {
      expect(Object.keys(reply.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
      expect(reply.headers.vary).toBe("origin");
    }
  });

  it("lets everybody in when told so, without credentials", async () => {
    const { post } = await receiver({ cors: { allowedOrigins: ["*"], allowedHeaders: ["*"] } });
    const before = await post(new Uint8Array(), preflight("https://any.example"));
    expect(before.headers).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-headers": "content-type,x-key",
    });
    expect(before.headers).not.toHaveProperty("access-control-allow-credentials");
  });

  it("is off by default", async () => {
    const { post } = await receiver();
    expect((await post(new Uint8Array(), preflight("https://shop.example"))).status).toBe(405);
    const reply = await post(spans, { headers: { origin: "https://shop.example" } });
    expect(Object.keys(reply.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});
