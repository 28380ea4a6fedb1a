import { ExportError } from "@otlpkit/core";
import { seeded } from "@otlpkit/testkit";
import { grpcBackend, httpBackend } from "@otlpkit/testkit/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { running } from "./running.ts";

// Which answer of the far side becomes which answer for the sender (B-20, D-15, D-17), through real sockets. Retry is
// off, so that one request is one answer.

const retryableGrpc = [1, 4, 10, 11, 14, 15];
const permanentGrpc = [2, 3, 5, 6, 7, 9, 12, 13, 16];
const retryableHttp = [429, 502, 503, 504];
const permanentHttp = [400, 401, 403, 404, 405, 408, 413, 415, 500, 501, 505];
const spans = seeded(1).traces({ items: 3 });

async function between(upstream: "grpc" | "http") {
  const backend = await (upstream === "grpc" ? grpcBackend() : httpBackend());
  onTestFinished(() => backend.close());
  const type = upstream === "grpc" ? "otlp" : "otlphttp";
  const relay = await running(`
exporters:
  ${type}: { endpoint: "${backend.url}", retry_on_failure: { enabled: false } }
service:
  pipelines:
    traces: { receivers: [otlp], exporters: [${type}] }
`);
  return { backend, relay };
}

async function errorOf(sending: Promise<unknown>): Promise<ExportError> {
  const thrown: unknown = await sending.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!ExportError.is(thrown)) throw new Error("it was taken");
  return thrown;
}

describe.each(["grpc", "http"] as const)("a relay that receives over %s", (downstream) => {
  const send = (relay: Awaited<ReturnType<typeof running>>) =>
    errorOf((downstream === "grpc" ? relay.overGrpc : relay.overHttp).send(spans, {}));

  it("hands on what a gRPC backend says, and never turns permanent into retryable", async () => {
    const { backend, relay } = await between("grpc");
    for (const grpcStatus of [...retryableGrpc, ...permanentGrpc, 8]) {
      backend.script({ kind: "refuse", grpcStatus });
      const error = await send(relay);
      expect([grpcStatus, error.retryable]).toEqual([grpcStatus, retryableGrpc.includes(grpcStatus)]);
      if (downstream === "grpc") {
        // What may be tried again is UNAVAILABLE, the rest keeps its own code.
        expect(error.grpcStatus).toBe(retryableGrpc.includes(grpcStatus) ? 14 : grpcStatus);
      }
    }
    expect(backend.requests).toHaveLength(16);
  });

  it("hands on what an HTTP backend says, and never turns permanent into retryable", async () => {
    const { backend, relay } = await between("http");
    for (const httpStatus of [...retryableHttp, ...permanentHttp]) {
      backend.script({ kind: "refuse", httpStatus });
      const error = await send(relay);
      expect([httpStatus, error.retryable]).toEqual([httpStatus, retryableHttp.includes(httpStatus)]);
    }
    expect(backend.requests).toHaveLength(retryableHttp.length + permanentHttp.length);
  });

  it.each(["grpc", "http"] as const)("hands on how long a %s backend asks to stay away", async (upstream) => {
    const { backend, relay } = await between(upstream);
    backend.script({ kind: "refuse", retryAfterMs: 7000 });
    const error = await send(relay);
    expect([error.retryable, error.retryAfterMs]).toEqual([true, 7000]);
  });

  it("takes RESOURCE_EXHAUSTED with RetryInfo for overload and says UNAVAILABLE", async () => {
    const { backend, relay } = await between("grpc");
    backend.script({ kind: "refuse", grpcStatus: 8, retryAfterMs: 3000 });
    const error = await send(relay);
    expect([error.retryable, error.retryAfterMs]).toEqual([true, 3000]);
    if (downstream === "grpc") expect(error.grpcStatus).toBe(14);
  });

  it.each(["before-headers", "after-headers"] as const)(
    "is unavailable when the connection breaks %s",
    async (when) => {
      const { backend, relay } = await between("http");
      backend.script({ kind: "reset", when });
      expect((await send(relay)).retryable).toBe(true);
    },
  );

  it("is unavailable when nobody listens there", async () => {
    const { backend, relay } = await between("grpc");
    await backend.close();
    const error = await send(relay);
    expect(error.retryable).toBe(true);
    expect(error.message).toContain("ECONNREFUSED");
  });

  it.each(["grpc", "http"] as const)(
    "hands a partial success of a %s backend on and sends nothing again",
    async (upstream) => {
      const { backend, relay } = await between(upstream);
      backend.script({ kind: "ok", rejectedItems: 2, message: "two are too old" });
      const sender = downstream === "grpc" ? relay.overGrpc : relay.overHttp;
      expect(await sender.send(spans, {})).toEqual({ rejectedItems: 2, message: "two are too old" });
      expect(backend.requests).toHaveLength(1);
      expect(relay.relay.ledger()).toMatchObject({
        accepted: 3,
        destinations: { [upstream === "grpc" ? "otlp" : "otlphttp"]: { delivered: 1, rejected: 2, dropped: 0 } },
      });
      expect(relay.said.join("\n")).toContain("the destination rejected items");
    },
  );
});

describe("a relay without a pipeline for a signal", () => {
  it("does not know the signal (B-19, D-18)", async () => {
    const relay = await running(`
exporters: { nop: }
service:
  pipelines: { traces: { receivers: [otlp], exporters: [nop] } }
`);
    const some = seeded(2);
    for (const batch of [some.logs(), some.metrics()]) {
      expect(await errorOf(relay.overGrpc.send(batch, {}))).toMatchObject({ code: "unsupported", grpcStatus: 12 });
      expect(await errorOf(relay.overHttp.send(batch, {}))).toMatchObject({ code: "unsupported", retryable: false });
    }
    expect(await relay.overGrpc.send(some.traces(), {})).toMatchObject({ rejectedItems: 0 });
  });
});
