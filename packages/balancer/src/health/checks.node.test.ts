import { createServer, type Server as HttpServer } from "node:http";
import {
  createSecureServer,
  createServer as createHttp2,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer as createTcp, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createHttps } from "node:https";
import type { Endpoint } from "@otlpkit/core";
import { testAuthority, testServer } from "@otlpkit/testkit/node";
import { afterEach, describe, expect, it } from "vitest";
import { grpcCheck, type HealthCheck, httpCheck, tcpCheck } from "../index.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(
  server: Server | HttpServer | Http2Server | Http2SecureServer,
  path?: string,
): Promise<Endpoint & { port: number }> {
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(path, resolve);
  });
  closing.push(() => server.close());
  if (path !== undefined) return { url: `unix://${path}`, port: 0 };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port };
}

function ask(
  check: HealthCheck,
  endpoint: Endpoint,
  signal: AbortSignal = AbortSignal.timeout(5_000),
): Promise<string> {
  return check.check(endpoint, signal).then(
    () => "well",
    (error: Error) => error.message,
  );
}

/** A server whose `Health/Check` answers as it is told: the message behind its frame, or only a status. */
function grpcServer(
  answer: (request: Buffer, stream: ServerHttp2Stream) => void,
  server: Http2Server | Http2SecureServer = createHttp2(),
): Http2Server | Http2SecureServer {
  server.on("session", (session) => closing.push(() => session.destroy()));
  server.on("stream", (opened, headers) => {
    const stream = opened as ServerHttp2Stream;
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      if (headers[":path"] === "/grpc.health.v1.Health/Check") answer(Buffer.concat(chunks), stream);
      else trailersOnly(stream, "12");
    });
  });
  return server;
}

function trailersOnly(stream: ServerHttp2Stream, status: string): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": status }, { endStream: true });
}

function serving(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.from(status === 0 ? [0, 0, 0, 0, 0] : [0, 0, 0, 0, 2, 8, status]));
}

async function free(): Promise<Endpoint> {
  const endpoint = await listening(createTcp());
  for (const close of closing.splice(-1)) close();
  return endpoint;
}

describe("grpcCheck", () => {
  it("is well when the server says SERVING, and not otherwise", async () => {
    let status = 1;
    const endpoint = await listening(grpcServer((_, stream) => serving(stream, status)));
    expect(await ask(grpcCheck(), endpoint)).toBe("well");
    status = 2;
    expect(await ask(grpcCheck(), endpoint)).toBe("grpc.health.v1 says that the server is NOT_SERVING");
    status = 0;
    expect(await ask(grpcCheck(), endpoint)).toBe("grpc.health.v1 says that the server is UNKNOWN");
  });

  it("asks for a service by name", async () => {
    const asked: string[] = [];
    const server = grpcServer((request, stream) => {
      asked.push(request.toString("latin1"));
      serving(stream, 3);
    });
    const endpoint = await listening(server);
    expect(await ask(grpcCheck({ service: "otlp" }), endpoint)).toBe(
      'grpc.health.v1 says that service "otlp" is SERVICE_UNKNOWN',
    );
    expect(asked).toEqual(["\0\0\0\0\x06\n\x04otlp"]);
  });

  it("takes a server that does not know the service for well, since it answers", async () => {
    const endpoint = await listening(grpcServer((_, stream) => trailersOnly(stream, "12")));
    expect(await ask(grpcCheck(), endpoint)).toBe("well");
  });

  it("is not well when there is another status, no gRPC, or nobody", async () => {
    const sick = await listening(grpcServer((_, stream) => trailersOnly(stream, "14")));
    expect(await ask(grpcCheck(), sick)).toContain("fails with gRPC status 14");
    const page = await listening(
      grpcServer((_, stream) => {
        stream.respond({ ":status": 404 }, { endStream: true });
      }),
    );
    expect(await ask(grpcCheck(), page)).toContain("HTTP status 404");
    expect(await ask(grpcCheck(), await listening(createServer()))).not.toBe("well");
    expect(await ask(grpcCheck(), await free())).toContain("ECONNREFUSED");
  });

  it("ends with its signal when nobody answers", async () => {
    const endpoint = await listening(grpcServer(() => {}));
    expect(await ask(grpcCheck(), endpoint, AbortSignal.timeout(50))).not.toBe("well");
  });

  it("goes over Unix sockets", async () => {
    const path = join(tmpdir(), `otlpkit-check-${process.pid}-${closing.length}.sock`);
    const endpoint = await listening(
      grpcServer((_, stream) => serving(stream, 1)),
      path,
    );
    expect(await ask(grpcCheck(), endpoint)).toBe("well");
  });
});

describe("checks over TLS", () => {
  const tls = { ca: testAuthority };

  it("trust whom they are told to trust, and nobody else", async () => {
    const grpc = await listening(grpcServer((_, stream) => serving(stream, 1), createSecureServer(testServer)));
    const http = await listening(createHttps(testServer, (_, response) => void response.end()));
    for (const [{ port }, make] of [
      [grpc, grpcCheck],
      [http, httpCheck],
    ] as const) {
      const endpoint = { url: `https://localhost:${port}` };
      expect(await ask(make({ tls }), endpoint)).toBe("well");
      expect(await ask(make(), endpoint)).toMatch(/certificate/);
    }
  });
});

describe("httpCheck", () => {
  it("is well when the status is, at the path and port that it is told", async () => {
    const asked: (string | undefined)[] = [];
    let status = 200;
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end("hello");
    });
    const { port } = await listening(server);
    const endpoint = { url: "http://127.0.0.1:1" };
    expect(await ask(httpCheck({ path: "/healthz", port }), endpoint)).toBe("well");
    status = 503;
    expect(await ask(httpCheck({ path: "/healthz", port }), endpoint)).toBe("GET /healthz is answered with 503");
    expect(await ask(httpCheck({ port, isWell: (code) => code === 503 }), endpoint)).toBe("well");
    expect(asked).toEqual(["/healthz", "/healthz", "/"]);
  });

  it("is not well when nobody answers", async () => {
    expect(await ask(httpCheck(), await free())).toContain("ECONNREFUSED");
    const silent = createServer(() => {});
    closing.push(() => silent.closeAllConnections());
    expect(await ask(httpCheck(), await listening(silent), AbortSignal.timeout(50))).not.toBe("well");
  });
});

describe("tcpCheck", () => {
  it("is well when somebody listens", async () => {
    expect(await ask(tcpCheck(), await listening(createTcp()))).toBe("well");
    expect(await ask(tcpCheck(), await free())).toContain("ECONNREFUSED");
    const { port } = await listening(createTcp());
    expect(await ask(tcpCheck({ port }), { url: "127.0.0.1:1" })).toBe("well");
  });

  it("says that it does not understand an endpoint", async () => {
    await expect(async () => tcpCheck().check({ url: "http://[" }, AbortSignal.timeout(100))).rejects.toThrow(
      "use http://host:port",
    );
  });
});
