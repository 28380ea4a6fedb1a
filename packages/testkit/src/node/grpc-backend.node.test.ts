import { signals } from "@otlpkit/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Answer, Backend } from "./backend.ts";
import { testAuthority, testClient } from "./certificates.ts";
import { goldenCase } from "./golden.ts";
import { grpcBackend } from "./grpc-backend.ts";
import { type RawGrpc, rawGrpc } from "./raw-grpc.ts";

const path = signals.traces.grpcPath;
const message = goldenCase("edge", "traces-full").binary ?? new Uint8Array();

describe("grpcBackend", () => {
  let backend: Backend;
  let client: RawGrpc;
  beforeEach(async () => {
    backend = await grpcBackend();
    client = rawGrpc(backend.url);
  });
  afterEach(async () => {
    await client.close();
    await backend.close();
  });

  it("takes everything until it is told otherwise, and keeps the bytes", async () => {
    const answer = await client.call({ path, message });
    expect(answer).toMatchObject({ httpStatus: 200, status: 0, body: new Uint8Array() });
    expect(backend.requests[0]).toMatchObject({ signal: "traces", compressedFlag: 0, connection: 1, aborted: false });
    expect(backend.requests[0]?.body).toEqual(message);
    expect(backend.acceptedItemIds()).toEqual(["eee19b7ec3c1b174", "eee19b7ec3c1b173"]);
  });

  it("writes a Status with RetryInfo as the golden has it, in headers and in trailers", async () => {
    const { binary } = goldenCase("responses", "status-unavailable-retryinfo-5s");
    const text = new TextDecoder().decode(goldenCase("responses", "status-unavailable-retryinfo-5s").json);
    const { message: words } = JSON.parse(text) as { message: string };
    for (const trailersOnly of [true, false]) {
      backend.script({ kind: "refuse", grpcStatus: 14, message: words, retryAfterMs: 5000, trailersOnly });
      const answer = await client.call({ path, message });
      expect(answer).toMatchObject({ status: 14, message: words, details: binary });
      expect("grpc-status" in answer.headers).toBe(trailersOnly);
    }
  });

  it("answers like a proxy that does not speak gRPC", async () => {
    backend.script({ kind: "refuse", httpStatus: 502 });
    expect(await client.call({ path, message })).toMatchObject({ httpStatus: 502, status: -1 });
  });

  it("says by GOAWAY that the first call of a connection was not processed", async () => {
    backend.script({ kind: "goaway" });
    await expect(client.call({ path, message })).rejects.toThrow("NGHTTP2_REFUSED_STREAM");
  });

  it("answers a call that its GOAWAY covers", async () => {
    backend.script({ kind: "goaway", covered: true });
    expect(await client.call({ path, message })).toMatchObject({ status: 0 });
  });

  it("cuts the stream or the connection when it is told to", async () => {
    backend.script({ kind: "rst-stream", code: 7 });
    await expect(client.call({ path, message })).rejects.toThrow("NGHTTP2_REFUSED_STREAM");
    for (const when of ["before-body", "before-headers", "after-headers"] as const) {
      const another = rawGrpc(backend.url);
      backend.script({ kind: "reset", when });
      const outcome = await another.call({ path, message }).then(
        ({ status }) => status,
        (error: Error) => error.message,
      );
      expect(outcome, when).not.toBe(0);
      await another.close();
    }
  });

  it.each<Answer>([{ kind: "hang" }, { kind: "drip" }, { kind: "endless" }, { kind: "endless", gzip: true }])(
    "lets go of a call that it answers with %o when it closes",
    async (answer) => {
      backend.script(answer);
      const outcome = client.call({ path, message }).then(
        ({ status }) => status,
        () => "cut",
      );
      await backend.arrived(1);
      await backend.close();
      expect(await outcome).not.toBe(0);
      expect(backend.openConnections).toBe(0);
    },
  );

  it("serves TLS and asks for a client certificate", async () => {
    const secure = await grpcBackend({ tls: { requireClientCertificate: true } });
    const stranger = rawGrpc(secure.url, { ca: testAuthority });
    await expect(stranger.call({ path, message })).rejects.toThrow();
    await stranger.close();
    const known = rawGrpc(secure.url, { ca: testAuthority, ...testClient });
    expect(await known.call({ path, message })).toMatchObject({ status: 0 });
    await known.close();
    await secure.close();
  });
});
