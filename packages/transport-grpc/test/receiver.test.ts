import { spawn } from "node:child_process";
import { constants } from "node:http2";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzip } from "@otlpkit/compression";
import {
  accepted,
  byteBudget,
  ExportError,
  fairBudget,
  type Listening,
  type Sender,
  signalNames,
  signals,
} from "@otlpkit/core";
import { decodeStatus, grpcCode, type Status } from "@otlpkit/otlp";
import { type RecordingSender, recordingSender, seeded } from "@otlpkit/testkit";
import { golden, goldenCase, testAuthority, testClient, testServer } from "@otlpkit/testkit/node";
import type { GrpcReceiverOptions, Refusal } from "@otlpkit/transport-grpc/server";
import { describe, expect, it } from "vitest";
import { cleanup } from "./cleanup.ts";
import { type Engine, engines, http2Engine } from "./engines.ts";
import { frame, type RawAnswer, type RawClient, rawClient } from "./raw-call.ts";

const keep = cleanup();
const traces = seeded(1).traces();
const mebibyte = 1_048_576;

interface Started {
  readonly client: RawClient;
  readonly pipeline: RecordingSender;
  readonly listening: Listening;
  readonly refusals: readonly Refusal[];
}

async function start(engine: Engine, options: GrpcReceiverOptions = {}): Promise<Started> {
  const pipeline = recordingSender();
  const refusals: Refusal[] = [];
  const receiver = engine.receiver({ port: 0, onRefused: (refusal) => refusals.push(refusal), ...options });
  const listening = await receiver.listen(pipeline);
  keep({ close: () => listening.close({ graceMs: 0 }) });
  return { client: keep(rawClient(listening.address)), pipeline, listening, refusals };
}

async function ask(client: RawClient, body: Uint8Array, headers?: Record<string, string>): Promise<RawAnswer> {
  const { stream, answer } = client.open(headers);
  stream.end(body);
  return answer;
}

const statusIn = ({ fields }: RawAnswer): number => Number(fields["grpc-status"] ?? -1);
const detailsIn = ({ fields }: RawAnswer): Status | undefined => {
  const written = fields["grpc-status-details-bin"];
  return written === undefined ? undefined : decodeStatus(Buffer.from(String(written), "base64"), "protobuf");
};

describe.each(engines)("the $name receiver", (engine) => {
  it("hands the message on as it came, and answers with an empty one", async () => {
    const { client, pipeline, listening } = await start(engine);
    expect(listening.address).toMatch(/^127\.0\.0\.1:\d+$/);
    const answer = await ask(client, frame(traces.body));
    expect(answer).toMatchObject({ fields: { ":status": 200, "grpc-status": "0" }, rstCode: 0 });
    expect([...answer.body]).toEqual([0, 0, 0, 0, 0]);
    expect(pipeline.batches).toMatchObject([
      { signal: "traces", items: traces.items, format: "protobuf", encoding: "identity" },
    ]);
    expect(Buffer.compare(pipeline.batches[0]?.body as Uint8Array, traces.body)).toBe(0);
  });

  it("says of an empty request on each service that it succeeded", async () => {
    const { listening } = await start(engine);
    for (const signal of signalNames) {
      const client = keep(rawClient(listening.address, signal));
      expect(statusIn(await ask(client, frame(new Uint8Array(0))))).toBe(0);
    }
  });

  it("reports a partial success and a warning", async () => {
    const { client, pipeline } = await start(engine);
    pipeline.script({ rejectedItems: 3, message: "too old" }, { rejectedItems: 0, message: "hm" });
    const partial = await ask(client, frame(traces.body));
    expect(statusIn(partial)).toBe(0);
    expect(partial.body.toString("latin1")).toContain("too old");
    expect((await ask(client, frame(traces.body))).body.toString("latin1")).toContain("hm");
  });

  it.each(
    golden({ group: "binary-only" }).filter(({ expect: e, signal }) => e.includes("reject") && signal !== undefined),
  )("refuses $name as INVALID_ARGUMENT before the pipeline sees it", async ({ binary, signal }) => {
    const { listening, pipeline, refusals } = await start(engine);
    const answer = await ask(keep(rawClient(listening.address, signal)), frame(binary as Uint8Array));
    expect(statusIn(answer)).toBe(grpcCode.INVALID_ARGUMENT);
    const details = detailsIn(answer);
    expect(details?.fieldViolations?.length).toBe(1);
    expect(details?.code).toBe(3);
    expect(details?.message).toBe(decodeURIComponent(String(answer.fields["grpc-message"])));
    expect(pipeline.batches.length).toBe(0);
    expect(refusals).toMatchObject([{ signal, error: { code: "invalid" } }]);
  });

  it("answers with what the pipeline throws", async () => {
    const { client, pipeline, refusals } = await start(engine);
    for (const [error, code, delay] of [
      [new ExportError("overloaded", "full", { retryAfterMs: 2_500 }), 14, 2_500],
      [new ExportError("unavailable", "away"), 14, undefined],
      [new ExportError("too-large", "big"), 8, undefined],
      [new ExportError("unauthenticated", "who?"), 16, undefined],
      [new ExportError("rejected", "no", { grpcStatus: 9 }), 9, undefined],
    ] as const) {
      pipeline.script(error);
      const answer = await ask(client, frame(traces.body));
      expect(statusIn(answer)).toBe(code);
      expect(answer.fields["grpc-message"]).toBe(error.message);
      expect(detailsIn(answer)?.retryAfterMs).toBe(delay);
    }
    pipeline.script(() => Promise.reject(new TypeError("a bug")));
    expect(statusIn(await ask(client, frame(traces.body)))).toBe(13);
    expect(refusals).toEqual([]);
  });

  it("writes RetryInfo as gRPC has it", async () => {
    const { client, pipeline } = await start(engine);
    const expected = goldenCase("responses", "status-unavailable-retryinfo-5s");
    const { message } = decodeStatus(expected.binary as Uint8Array, "protobuf");
    pipeline.script(new ExportError("overloaded", message, { retryAfterMs: 5_000 }));
    const written = String((await ask(client, frame(traces.body))).fields["grpc-status-details-bin"]);
    expect(Buffer.from(written, "base64")).toEqual(Buffer.from(expected.detailsBin ?? "", "base64"));
  });

  it("cuts a text that is too long for headers", async () => {
    const { client, pipeline } = await start(engine);
    pipeline.script(new ExportError("overloaded", "ä💥".repeat(20_000), { retryAfterMs: 1 }));
    const answer = await ask(client, frame(traces.body));
    expect(statusIn(answer)).toBe(14);
    expect(detailsIn(answer)?.retryAfterMs).toBe(1);
    expect(String(answer.fields["grpc-message"]).length).toBeLessThan(8_192);
  });

  it("keeps its answer within the limit, and the count in it", async () => {
    const { client, pipeline } = await start(engine, { maxResponseBytes: 1_000 });
    pipeline.script({ rejectedItems: 7, message: "ä".repeat(10 * mebibyte) });
    const answer = await ask(client, frame(traces.body));
    expect(statusIn(answer)).toBe(0);
    expect(answer.body.byteLength).toBeLessThanOrEqual(1_005);
    expect(answer.body.byteLength).toBeGreaterThan(900);
    const { client: other, pipeline: refusing } = await start(engine, { maxResponseBytes: 1 });
    refusing.script({ rejectedItems: 7, message: "" });
    const tooSmall = await ask(other, frame(traces.body));
    expect(statusIn(tooSmall)).toBe(grpcCode.RESOURCE_EXHAUSTED);
    expect(detailsIn(tooSmall)?.retryAfterMs).toBeUndefined();
  });

  it("does not know signals that are switched off, other services and other methods", async () => {
    const { client, pipeline } = await start(engine, { signals: ["logs"] });
    for (const path of [signals.traces.grpcPath, "/opentelemetry.proto.collector.logs.v1.LogsService/Import", "/x"]) {
      const answer = await ask(client, frame(traces.body), { ":path": path });
      expect(answer.fields[":status"]).toBe(200);
      expect(statusIn(answer)).toBe(grpcCode.UNIMPLEMENTED);
    }
    expect(pipeline.batches.length).toBe(0);
  });

  it("refuses what is no gRPC at all", async () => {
    const { client } = await start(engine);
    expect((await ask(client, frame(traces.body), { "content-type": "application/json" })).fields[":status"]).toBe(415);
  });

  it("takes what a sender has compressed, within the limit for what comes out", async () => {
    const { client, pipeline } = await start(engine, { compressors: [gzip()], maxRequestBytes: mebibyte });
    const body = await gzip().compress(traces.body);
    expect(statusIn(await ask(client, frame(body, 1), { "grpc-encoding": "gzip" }))).toBe(0);
    expect(statusIn(await ask(client, frame(traces.body, 0), { "grpc-encoding": "gzip" }))).toBe(0);
    for (const batch of pipeline.batches) expect(Buffer.compare(batch.body, traces.body)).toBe(0);
    const bomb = await gzip().compress(new Uint8Array(8 * mebibyte));
    const answer = await ask(client, frame(bomb, 1), { "grpc-encoding": "gzip" });
    expect(statusIn(answer)).toBe(grpcCode.RESOURCE_EXHAUSTED);
    expect(answer.fields["grpc-status-details-bin"]).toBeUndefined();
    expect(pipeline.batches.length).toBe(2);
  });

  it("does not know an encoding that it was not given, and says which it knows", async () => {
    const { client } = await start(engine);
    const answer = await ask(client, frame(traces.body, 1), { "grpc-encoding": "snappy" });
    expect(statusIn(answer)).toBe(grpcCode.UNIMPLEMENTED);
  });

  it("refuses what is too large, and takes what is just as large", async () => {
    const { client, pipeline } = await start(engine, { maxRequestBytes: traces.body.byteLength });
    expect(statusIn(await ask(client, frame(traces.body)))).toBe(0);
    const answer = await ask(client, frame(new Uint8Array(traces.body.byteLength + 1)));
    expect(statusIn(answer)).toBe(grpcCode.RESOURCE_EXHAUSTED);
    expect(answer.fields["grpc-status-details-bin"]).toBeUndefined();
    expect(pipeline.batches.length).toBe(1);
  });

  it("believes no length before the bytes are there", async () => {
    const { client } = await start(engine);
    expect(statusIn(await ask(client, frame(traces.body, 0, 0xffff_ffff)))).toBe(grpcCode.RESOURCE_EXHAUSTED);
  });

  it.each([
    ["a message that ends early", frame(traces.body, 0, traces.body.byteLength + 1)],
    ["half a prefix", Buffer.from([0, 0])],
    ["nothing", Buffer.alloc(0)],
    ["a second message", Buffer.concat([frame(traces.body), frame(traces.body)])],
  ])("refuses %s for good", async (_, body) => {
    const { client, pipeline } = await start(engine);
    expect([grpcCode.INVALID_ARGUMENT, grpcCode.INTERNAL, grpcCode.UNIMPLEMENTED]).toContain(
      statusIn(await ask(client, body)),
    );
    expect(pipeline.batches.length).toBe(0);
  });

  it("tells the pipeline the deadline, and answers when it passes", async () => {
    const { client, pipeline } = await start(engine);
    pipeline.script("hang");
    const began = performance.now();
    const { stream, answer } = client.open({ "grpc-timeout": "200m" });
    stream.end(frame(traces.body));
    const { fields, rstCode } = await answer;
    expect(fields["grpc-status"] === "4" || rstCode === 8).toBe(true);
    const [given] = pipeline.options;
    expect(given?.deadline).toBeGreaterThan(began);
    expect(given?.deadline).toBeLessThan(began + 5_000);
    await expect.poll(() => pipeline.underWay).toBe(0);
  });

  it("tells the pipeline when the sender has given up", async () => {
    const { client, pipeline } = await start(engine);
    pipeline.script("hang");
    const { stream } = client.open();
    stream.end(frame(traces.body));
    await expect.poll(() => pipeline.underWay).toBe(1);
    expect(pipeline.options[0]?.signal?.aborted).toBe(false);
    stream.close(8);
    await expect.poll(() => pipeline.options[0]?.signal?.aborted).toBe(true);
    await expect.poll(() => pipeline.underWay).toBe(0);
  });

  it("bounds the bytes under way by the budget", async () => {
    const budget = byteBudget(traces.body.byteLength + 10);
    const { client, pipeline, refusals } = await start(engine, { budget, retryAfterMs: 700 });
    pipeline.script(() => new Promise((resolve) => setTimeout(resolve, 100, { rejectedItems: 0, message: "" })));
    const [first, second] = await Promise.all([ask(client, frame(traces.body)), ask(client, frame(traces.body))]);
    const [fine, refused] = statusIn(first) === 0 ? [first, second] : [second, first];
    expect(statusIn(fine)).toBe(0);
    expect(statusIn(refused)).toBe(grpcCode.UNAVAILABLE);
    expect(detailsIn(refused)?.retryAfterMs).toBe(700);
    expect(refusals).toMatchObject([{ signal: "traces", error: { code: "overloaded" } }]);
    expect(budget.usedBytes).toBe(0);
    expect(statusIn(await ask(client, frame(traces.body)))).toBe(0);
  });

  it("refuses for good what can never fit into the budget, without RetryInfo (B-04, B-16)", async () => {
    const { client } = await start(engine, { budget: byteBudget(traces.body.byteLength - 1) });
    const answer = await ask(client, frame(traces.body));
    expect([statusIn(answer), detailsIn(answer)]).toEqual([grpcCode.RESOURCE_EXHAUSTED, undefined]);
  });

  it("tells tenants apart by a header, and refuses only the one that asks too much", async () => {
    const budget = fairBudget({ maxBytes: 10 * traces.body.byteLength, headroom: 0.2 });
    const { client, pipeline, refusals } = await start(engine, { budget, tenantHeader: "X-Tenant" });
    const of = (tenant?: string): Promise<RawAnswer> =>
      ask(client, frame(traces.body), tenant === undefined ? {} : { "x-tenant": tenant });
    pipeline.script("hang");
    const held = Array.from({ length: 8 }, () => of("noisy"));
    await expect.poll(() => pipeline.batches.length).toBe(8);
    pipeline.script(accepted);
    const noisy = await of("noisy");
    expect([statusIn(noisy), detailsIn(noisy)?.retryAfterMs]).toEqual([grpcCode.UNAVAILABLE, expect.any(Number)]);
    expect([statusIn(await of("quiet")), statusIn(await of())]).toEqual([0, 0]);
    expect(pipeline.batches.map(({ tenant }) => tenant).slice(7)).toEqual(["noisy", "quiet", undefined]);
    expect(refusals).toMatchObject([{ signal: "traces", tenant: "noisy", error: { code: "overloaded" } }]);
    await pipeline.close();
    await Promise.all(held);
    expect(budget.usedBytes).toBe(0);
  });

  it("takes no novel for the name of a tenant", async () => {
    const { client } = await start(engine, { tenantHeader: "x-tenant" });
    const long = await ask(client, frame(traces.body), { "x-tenant": "n".repeat(129) });
    expect(statusIn(long)).toBe(grpcCode.INVALID_ARGUMENT);
  });

  it("copies headers that are to go onward", async () => {
    const { client, pipeline } = await start(engine, { onwardHeaders: ["X-Tenant", "data-bin", "absent"] });
    await ask(client, frame(traces.body), { "x-tenant": "shop", "data-bin": "w6Q=", other: "x" });
    expect(pipeline.batches[0]?.headers).toEqual({ "x-tenant": "shop", "data-bin": "ä" });
  });

  it("answers what is under way before it closes, and takes nothing new", async () => {
    const { client, pipeline, listening } = await start(engine);
    pipeline.script(() => new Promise((resolve) => setTimeout(resolve, 100, { rejectedItems: 0, message: "" })));
    const sent = ask(client, frame(traces.body));
    await expect.poll(() => pipeline.underWay).toBe(1);
    const closing = listening.close();
    expect(statusIn(await sent)).toBe(0);
    await closing;
    await listening.close();
    expect(pipeline.closed).toBe(false);
    const later = keep(rawClient(listening.address));
    expect(statusIn(await ask(later, frame(traces.body)))).toBe(-1);
  });

  it("cuts off what is not answered in time when it closes", async () => {
    const { client, pipeline, listening } = await start(engine);
    pipeline.script("hang");
    const sent = ask(client, frame(traces.body));
    await expect.poll(() => pipeline.underWay).toBe(1);
    await listening.close({ graceMs: 50 });
    expect(statusIn(await sent)).not.toBe(0);
    await expect.poll(() => pipeline.underWay).toBe(0);
  });

  it("replaces a Unix socket that a killed program has left, and no other", async () => {
    const path = join(tmpdir(), `otlpkit-${process.pid}-${performance.now()}.sock`);
    const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    await new Promise((resolve) => spawn(process.execPath, ["--eval", script]).once("exit", resolve));
    const listening = keep(await engine.receiver({ path }).listen(recordingSender()));
    await expect(engine.receiver({ path }).listen(recordingSender())).rejects.toMatchObject({ code: "unavailable" });
    await listening.close();
  });

  it("refuses what is no certificate, and says which part", async () => {
    const { cert, key } = testServer;
    const listen = (tls: NonNullable<GrpcReceiverOptions["tls"]>) =>
      engine.receiver({ port: 0, tls }).listen(recordingSender());
    await expect(listen({ cert: "/etc/ssl/cert.pem", key })).rejects.toThrow("tls.cert is not PEM");
    await expect(listen({ cert, key: new Uint8Array([48, 130]) })).rejects.toThrow("tls.key is not PEM");
    await expect(listen({ cert, key, ca: ["no"] })).rejects.toThrow("tls.ca is not PEM");
  });

  it("says why it cannot listen", async () => {
    const { listening } = await start(engine);
    const port = Number(listening.address.split(":").at(-1));
    const second = engine.receiver({ port }).listen(recordingSender());
    await expect(second).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining("EADDRINUSE") });
  });

  it("asks for client certificates when it is to", async () => {
    const { listening, pipeline } = await start(engine, {
      host: "localhost",
      tls: { ...testServer, ca: testAuthority, requireClientCert: true },
    });
    const url = `https://localhost:${listening.address.split(":").at(-1)}`;
    const send = (tls: object): Promise<unknown> => {
      const sender = keep(http2Engine.transport({ tls }).connect({ url }));
      return sender.send(traces, { deadline: performance.now() + 5_000 });
    };
    await send({ ca: testAuthority, ...testClient });
    await expect(send({ ca: testAuthority })).rejects.toMatchObject({ code: "unavailable" });
    expect(pipeline.batches.length).toBe(1);
  });
});

describe("the node:http2 receiver by itself", () => {
  it("refuses other methods than POST", async () => {
    const { client } = await start(http2Engine);
    expect((await ask(client, Buffer.alloc(0), { ":method": "PUT" })).fields[":status"]).toBe(405);
  });

  it("offers its encodings when it refuses one", async () => {
    const { client } = await start(http2Engine, { compressors: [gzip()] });
    const answer = await ask(client, frame(traces.body, 1), { "grpc-encoding": "snappy" });
    expect(answer.fields["grpc-accept-encoding"]).toBe("identity,gzip");
  });

  it("refuses over the budget before the bytes are there", async () => {
    const budget = byteBudget(2_000);
    budget.reserve(1_000);
    const { client } = await start(http2Engine, { budget });
    const { stream, answer } = client.open();
    stream.write(frame(new Uint8Array(10), 0, 1_001));
    expect(statusIn(await answer)).toBe(grpcCode.UNAVAILABLE);
  });

  it("holds what is inflated within the budget too", async () => {
    const budget = byteBudget(10 * mebibyte);
    budget.reserve(8 * mebibyte);
    const { client } = await start(http2Engine, { budget, compressors: [gzip()] });
    const bomb = await gzip().compress(new Uint8Array(8 * mebibyte));
    expect(statusIn(await ask(client, frame(bomb, 1), { "grpc-encoding": "gzip" }))).toBe(grpcCode.UNAVAILABLE);
    expect(budget.usedBytes).toBe(8 * mebibyte);
  });

  it("does not wait for ever for a message", async () => {
    const { client, refusals } = await start(http2Engine, { messageTimeoutMs: 50 });
    const { stream, answer } = client.open();
    stream.write(frame(traces.body).subarray(0, 100));
    expect(statusIn(await answer)).toBe(grpcCode.UNAVAILABLE);
    expect(refusals).toMatchObject([{ error: { code: "timeout" } }]);
  });

  it("lets a client make so many calls at a time and no more", async () => {
    const { listening, pipeline } = await start(http2Engine, { maxConcurrentStreams: 2 });
    pipeline.script(() => new Promise((resolve) => setTimeout(resolve, 10, { rejectedItems: 0, message: "" })));
    const sender = keep(http2Engine.transport().connect({ url: `http://${listening.address}` }));
    await Promise.all(Array.from({ length: 10 }, () => sender.send(traces, {})));
    expect(pipeline.maxUnderWay).toBe(2);
  });

  it("hangs up on a client that opens streams only to reset them", async () => {
    const { client, listening } = await start(http2Engine, { maxResets: { burst: 50, perSecond: 1 } });
    client.session.on("error", () => {});
    const closed = new Promise<void>((resolve) => client.session.once("close", resolve));
    for (let i = 0; i < 200 && !client.session.destroyed; i++) {
      const { stream } = client.open();
      stream.write(Buffer.alloc(1));
      await new Promise((resolve) => setImmediate(resolve));
      stream.close(8);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    const other = keep(rawClient(listening.address));
    expect(statusIn(await ask(other, frame(traces.body)))).toBe(0);
  });

  it("refuses headers beyond the limit", async () => {
    const { client } = await start(http2Engine, { maxHeaderBytes: 1_000 });
    // The limit holds once the client has acknowledged it.
    expect(statusIn(await ask(client, frame(traces.body)))).toBe(0);
    const answer = await ask(client, frame(traces.body), { big: "x".repeat(2_000) });
    expect(answer).toMatchObject({ fields: {}, rstCode: constants.NGHTTP2_ENHANCE_YOUR_CALM });
  });

  it("survives garbage and connections that are cut in the middle", async () => {
    const { client, listening } = await start(http2Engine);
    const port = Number(listening.address.split(":").at(-1));
    for (const bytes of [
      "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense-nonsense",
      "\0\0\0",
    ]) {
      await new Promise<void>((resolve) => {
        const socket = createConnection(port, "127.0.0.1", () => socket.write(bytes));
        socket.on("error", () => {});
        socket.on("data", () => socket.destroy());
        socket.setTimeout(50, () => socket.destroy());
        socket.on("close", () => resolve());
      });
    }
    const cut = rawClient(listening.address);
    const { stream, answer } = cut.open();
    stream.write(frame(traces.body).subarray(0, 100));
    await new Promise((resolve) => cut.session.ping(resolve));
    cut.session.socket.destroy();
    await answer;
    expect(statusIn(await ask(client, frame(traces.body)))).toBe(0);
  });

  it("pings a silent connection and hangs up when nobody answers", async () => {
    const { listening } = await start(http2Engine, { keepaliveMs: 30, keepaliveTimeoutMs: 30 });
    const port = Number(listening.address.split(":").at(-1));
    await new Promise<void>((resolve) => {
      // Says hello, and then never a word.
      const socket = createConnection(port, "127.0.0.1", () => {
        socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0");
      });
      socket.resume();
      socket.on("error", () => {});
      socket.on("close", () => resolve());
    });
  });

  it("sends idle connections away when told to", async () => {
    const { client } = await start(http2Engine, { keepaliveMs: 30, maxIdleMs: 20 });
    const goaway = new Promise<number>((resolve) => client.session.once("goaway", resolve));
    expect(statusIn(await ask(client, frame(traces.body)))).toBe(0);
    expect(await goaway).toBe(0);
  });

  it("listens on a Unix socket", async () => {
    const path = join(tmpdir(), `otlpkit-${process.pid}-${performance.now()}.sock`);
    for (const engine of engines) {
      const pipeline = recordingSender();
      const listening = await engine.receiver({ path }).listen(pipeline);
      expect(listening.address).toBe(`unix:${path}`);
      for (const near of engines) {
        const sender: Sender = near.transport().connect({ url: `unix://${path}` });
        await sender.send(traces, { deadline: performance.now() + 5_000 });
        await sender.close();
      }
      await listening.close();
      expect(pipeline.batches.length).toBe(2);
    }
  });
});

describe.each(engines.flatMap((near) => engines.map((far) => ({ near, far, name: `${near.name} to ${far.name}` }))))(
  "$name",
  ({ near, far }) => {
    it("carries several requests of nearly 64 MiB at a time", async () => {
      const { listening, pipeline } = await start(far);
      // A resource attribute that fills the request: one span container, no items, so add one real span.
      const filler = new Uint8Array(64 * mebibyte - traces.body.byteLength);
      const body = Buffer.concat([traces.body, unknownField(filler.byteLength - 16)]);
      const sender = keep(near.transport().connect({ url: `http://${listening.address}` }));
      const batch = { ...traces, body };
      const acks = await Promise.all([1, 2, 3].map(() => sender.send(batch, { deadline: performance.now() + 15_000 })));
      expect(acks).toEqual([1, 2, 3].map(() => ({ rejectedItems: 0, message: "" })));
      expect(pipeline.batches.map(({ body: { byteLength } }) => byteLength)).toEqual(
        [1, 2, 3].map(() => body.byteLength),
      );
    });

    it("carries answers, errors and delays", async () => {
      const { listening, pipeline } = await start(far);
      const sender = keep(near.transport().connect({ url: `http://${listening.address}` }));
      pipeline.script(
        { rejectedItems: 2, message: "two" },
        new ExportError("overloaded", "später, 100 %", { retryAfterMs: 1_250 }),
        new ExportError("invalid", "never"),
      );
      const send = (): Promise<unknown> => sender.send(traces, { deadline: performance.now() + 10_000 });
      expect(await send()).toEqual({ rejectedItems: 2, message: "two" });
      await expect(send()).rejects.toMatchObject({
        code: "overloaded",
        retryAfterMs: 1_250,
        message: expect.stringContaining("später, 100 %"),
      });
      await expect(send()).rejects.toMatchObject({ code: "invalid", retryable: false });
    });

    it("refuses what is larger than the far side takes, for good", async () => {
      const { listening } = await start(far, { maxRequestBytes: 100_000 });
      const sender = keep(near.transport().connect({ url: `http://${listening.address}` }));
      const body = unknownField(20 * mebibyte);
      await expect(sender.send({ ...traces, body }, { deadline: performance.now() + 10_000 })).rejects.toMatchObject({
        code: "too-large",
        retryable: false,
      });
      await sender.send(traces, { deadline: performance.now() + 10_000 });
    });
  },
);

it("does not keep a program alive that has nothing under way", async () => {
  const { listening } = await start(http2Engine);
  const script = `
    import { protobufBatch } from "@otlpkit/core";
    import { grpcTransport } from "@otlpkit/transport-grpc";
    const sender = grpcTransport().connect({ url: "http://${listening.address}" });
    await sender.send(protobufBatch("traces", new Uint8Array(0), 0), {});
    console.log("sent");
  `;
  const child = spawn(process.execPath, ["--conditions=@otlpkit/source", "--input-type=module", "--eval", script], {
    cwd: new URL("..", import.meta.url),
    stdio: ["ignore", "pipe", "inherit"],
  });
  keep({ close: () => child.kill() });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  expect({ code, output }).toEqual({ code: 0, output: "sent\n" });
});

/** A field of a number that nobody uses, of so many bytes: legal, and kept. */
function unknownField(length: number): Buffer {
  const head = [0xfa, 0x3f];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    head.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length)]);
}
