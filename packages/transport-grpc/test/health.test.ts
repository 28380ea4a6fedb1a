import { setTimeout as wait } from "node:timers/promises";
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { gzip } from "@otlpkit/compression";
import { grpcCode } from "@otlpkit/otlp";
import { recordingSender } from "@otlpkit/testkit";
import type { GrpcReceiverOptions, ServingStatus } from "@otlpkit/transport-grpc/server";
import { describe, expect, it, vi } from "vitest";
import { cleanup } from "./cleanup.ts";
import { type Engine, engines } from "./engines.ts";
import { frame, rawClient } from "./raw-call.ts";

const keep = cleanup();
const asIs = (bytes: Buffer): Buffer => bytes;
const traceService = "opentelemetry.proto.collector.trace.v1.TraceService";
const logsService = "opentelemetry.proto.collector.logs.v1.LogsService";
const [serving, notServing, unknown] = [1, 2, 3];

/** A program's health that a test turns by hand. */
function switchboard(states: Record<string, boolean>): ServingStatus & {
  set(service: string, serves: boolean): void;
  readonly listeners: number;
} {
  const listeners = new Set<() => void>();
  return {
    serving: (service) => states[service],
    onChange(changed) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
    set(service, serves) {
      states[service] = serves;
      for (const changed of listeners) changed();
    },
    get listeners() {
      return listeners.size;
    },
  };
}

/** What the code that grpc tools generate from health.proto does, by hand. */
function healthClient(address: string) {
  const client = keep(new Client(address, credentials.createInsecure()));
  const request = (service: string): Buffer =>
    service === "" ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)]);
  const statusIn = (response: Buffer): number => response[1] ?? 0;
  return {
    check: (service: string, message = request(service), metadata = new Metadata()) =>
      new Promise<number>((resolve, reject) => {
        const path = "/grpc.health.v1.Health/Check";
        client.makeUnaryRequest(path, asIs, asIs, message, metadata, (error, response) =>
          error === null ? resolve(statusIn(response!)) : reject(error),
        );
      }),
    watch(service: string, options = {}) {
      const path = "/grpc.health.v1.Health/Watch";
      const call: ClientReadableStream<Buffer> = client.makeServerStreamRequest(
        path,
        asIs,
        asIs,
        request(service),
        options,
      );
      const told: number[] = [];
      const end = new Promise<ServiceError>((resolve) => void call.on("error", resolve));
      call.on("data", (response: Buffer) => told.push(statusIn(response)));
      return { call, told, end };
    },
  };
}

async function start(engine: Engine, health: ServingStatus, options: GrpcReceiverOptions = {}) {
  const listening = await engine.receiver({ port: 0, health, ...options }).listen(recordingSender());
  keep({ close: () => listening.close({ graceMs: 0 }) });
  return { listening, client: healthClient(listening.address) };
}

describe.each(engines)("grpc.health.v1 of the $name receiver", (engine) => {
  it("tells of the whole, of each service that it offers and of the parts that there are", async () => {
    const health = switchboard({ "": true, "exporter:otlp": false });
    const { client } = await start(engine, health, { signals: ["traces"] });
    expect(await client.check("")).toBe(serving);
    expect(await client.check(traceService)).toBe(serving);
    expect(await client.check("exporter:otlp")).toBe(notServing);
    for (const absent of ["nobody", logsService]) {
      await expect(client.check(absent)).rejects.toMatchObject({ code: grpcCode.NOT_FOUND });
    }
    health.set("", false);
    expect(await client.check("")).toBe(notServing);
    expect(await client.check(traceService)).toBe(notServing);
  });

  it("tells watchers when an answer becomes another, also of a service that is not there yet", async () => {
    const health = switchboard({ "": true });
    const { client } = await start(engine, health);
    const [whole, later] = [client.watch(""), client.watch("later")];
    await vi.waitUntil(() => whole.told.length + later.told.length === 2);
    health.set("", true);
    health.set("", false);
    health.set("later", true);
    await vi.waitUntil(() => whole.told.length + later.told.length === 4);
    expect(whole.told).toEqual([serving, notServing]);
    expect(later.told).toEqual([unknown, serving]);
    whole.call.cancel();
    later.call.cancel();
    expect((await whole.end).code).toBe(grpcCode.CANCELLED);
    await vi.waitUntil(() => health.listeners === 0);
  });

  it("ends a watch when its deadline has passed", async () => {
    const { client } = await start(engine, switchboard({ "": true }));
    const { end, told } = client.watch("", { deadline: Date.now() + 500 });
    expect((await end).code).toBe(grpcCode.DEADLINE_EXCEEDED);
    expect(told).toEqual([serving]);
  });

  it("does not stay up for those who watch", async () => {
    const health = switchboard({ "": true });
    const { client, listening } = await start(engine, health);
    const { end, told } = client.watch("");
    await vi.waitUntil(() => told.length === 1);
    const closed = listening.close({ graceMs: 30_000 }).then(() => "closed");
    expect(await Promise.race([closed, wait(5_000, "still open")])).toBe("closed");
    expect((await end).code).toBe(grpcCode.UNAVAILABLE);
    expect(health.listeners).toBe(0);
  });

  it("passes over fields that it does not know, and refuses what is no message", async () => {
    const { client } = await start(engine, switchboard({ "": true, a: true }), { compressors: [gzip()] });
    const message = Buffer.from([0x10, 0x96, 0x01, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a, 1, 97, 0x25, 1, 2, 3, 4]);
    expect(await client.check("", message)).toBe(serving);
    for (const bad of [[0x0a, 9, 97], [0x0a], [0x0b], [0x08], [0x02, 0], [0x19, 1], [0x80]]) {
      await expect(client.check("", Buffer.from(bad))).rejects.toMatchObject({ code: grpcCode.INVALID_ARGUMENT });
    }
  });

  it("is not there when nobody said what to answer", async () => {
    const listening = await engine.receiver({ port: 0 }).listen(recordingSender());
    keep({ close: () => listening.close({ graceMs: 0 }) });
    const error = await healthClient(listening.address)
      .check("")
      .catch((thrown: ServiceError) => thrown);
    expect(error).toMatchObject({ code: grpcCode.UNIMPLEMENTED });
  });
});

describe("grpc.health.v1 of the node:http2 receiver", () => {
  const [http2] = engines;
  const path = { ":path": "/grpc.health.v1.Health/Check" };

  it("reads a compressed request, and takes no long one", async () => {
    const { listening } = await start(http2!, switchboard({ "": true, a: false }), { compressors: [gzip()] });
    const client = keep(rawClient(listening.address));
    const small = client.open({ ...path, "grpc-encoding": "gzip" });
    small.stream.end(frame(await gzip().compress(Buffer.from([0x0a, 1, 97])), 1));
    expect([...(await small.answer).body]).toEqual([0, 0, 0, 0, 2, 8, 2]);
    const long = client.open(path);
    long.stream.write(frame(new Uint8Array(10), 0, 5_000));
    expect((await long.answer).fields["grpc-status"]).toBe(String(grpcCode.RESOURCE_EXHAUSTED));
    const short = client.open(path);
    short.stream.end(Buffer.from([0, 0, 0, 0, 9]));
    expect((await short.answer).fields["grpc-status"]).toBe(String(grpcCode.INVALID_ARGUMENT));
  });

  it("waits no longer for a request than for any other", async () => {
    const { listening } = await start(http2!, switchboard({ "": true }), { messageTimeoutMs: 30 });
    const { answer } = keep(rawClient(listening.address)).open(path);
    expect((await answer).fields["grpc-status"]).toBe(String(grpcCode.DEADLINE_EXCEEDED));
  });
});
