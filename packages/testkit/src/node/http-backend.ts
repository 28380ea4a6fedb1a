import { type Signal, signalNames, signals } from "@otlpkit/core";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import {
  type Answer,
  type Backend,
  type BackendOptions,
  backendOf,
  book,
  formatOf,
  type OkAnswer,
  type Recording,
  type RefuseAnswer,
} from "./backend.ts";
import { type Ended, endlessly, pause } from "./bodies.ts";
import { listening, tlsOptions } from "./listening.ts";
import { exportReply, rejectedField, statusReply } from "./replies.ts";

/** An OTLP/HTTP backend on 127.0.0.1 that takes protobuf and JSON and answers as its script says. */
export async function httpBackend(options: BackendOptions = {}): Promise<Backend> {
  const notes = book();
  const secure = options.tls !== undefined && options.tls !== false;
  const server: Server = secure ? createTlsServer(tlsOptions(options.tls)) : createServer();
  // It is the client that decides how long a connection lives, and scripts may be as slow as they like.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  const listener = await listening(server, secure, options.port);

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void serve(request, response);
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const path = (request.url ?? "").split("?")[0] ?? "";
    const recording: Recording = {
      signal: signalNames.find((name: Signal) => signals[name].httpPath === path),
      path: request.url ?? "",
      method: request.method ?? "",
      headers: Object.fromEntries(
        Object.entries(request.headersDistinct).map(([name, value]) => [name, value?.join(", ") ?? ""]),
      ),
      body: new Uint8Array(),
      compressedFlag: 0,
      atMs: performance.now(),
      connection: listener.numberOf(socket),
      aborted: false,
    };
    notes.begin(recording);
    const ended = new Promise<void>((resolve) => {
      response.once("close", () => {
        recording.aborted = !response.writableFinished;
        notes.done();
        resolve();
      });
    });
    request.on("error", () => {
      // The client went away while it sent; `aborted` says so.
    });
    const answer = notes.next(recording);
    if (answer.kind === "reset" && answer.when === "before-body") {
      notes.arrivedNow();
      reset(socket);
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    const whole = await new Promise<boolean>((resolve) => {
      request.once("end", () => resolve(true));
      request.once("close", () => resolve(request.complete));
    });
    recording.body = new Uint8Array(Buffer.concat(chunks));
    notes.arrivedNow();
    if (whole) await give(answer, recording, response, socket, { promise: ended, is: () => response.closed });
  }

  async function give(
    answer: Answer,
    request: Recording,
    response: ServerResponse,
    socket: Socket,
    ended: Ended,
  ): Promise<void> {
    switch (answer.kind) {
      case "hang":
        return;
      case "rst-stream":
        return reset(socket);
      case "reset":
        if (answer.when === "before-headers") return reset(socket);
        response.writeHead(200, { "content-type": request.headers["content-type"] ?? "", "content-length": "1000" });
        response.write("\n", () => socket.destroy());
        return;
      case "drip": {
        const body = answer.body ?? exportReply(formatOf(request), undefined, "drip ".repeat(400), "");
        response.writeHead(200, { "content-type": contentType(request) });
        for (let at = 0; at < body.length && !ended.is(); at++) {
          response.write(body.subarray(at, at + 1));
          await pause(answer.everyMs ?? 20, ended);
        }
        notes.accept(request);
        response.end();
        return;
      }
      case "endless":
        response.writeHead(answer.httpStatus ?? 200, {
          "content-type": contentType(request),
          ...(answer.gzip ? { "content-encoding": "gzip" } : {}),
        });
        return endlessly(response, answer.gzip === true);
      case "goaway":
        return write({ kind: "ok", headers: { connection: "close" } }, request, response, ended);
      default:
        return write(answer, request, response, ended);
    }
  }

  async function write(
    answer: OkAnswer | RefuseAnswer,
    request: Recording,
    response: ServerResponse,
    ended: Ended,
  ): Promise<void> {
    if (answer.delayMs) await pause(answer.delayMs, ended);
    if (answer.until) await Promise.race([answer.until, ended.promise]);
    if (ended.is()) return;
    const format = formatOf(request);
    const plain =
      answer.body ??
      (answer.kind === "ok"
        ? exportReply(format, answer.rejectedItems, answer.message, rejectedField[request.signal ?? "traces"] ?? "")
        : statusReply(format, answer.grpcStatus ?? 0, answer.message ?? "refused by the script"));
    const body = answer.gzip ? gzipSync(plain) : plain;
    if (answer.kind === "ok") notes.accept(request);
    response.writeHead(answer.httpStatus ?? (answer.kind === "ok" ? 200 : 503), {
      "content-type": contentType(request),
      "content-length": String(body.length),
      ...(answer.gzip ? { "content-encoding": "gzip" } : {}),
      ...(answer.kind === "refuse" && answer.retryAfterMs !== undefined
        ? { "retry-after": String(Math.ceil(answer.retryAfterMs / 1000)) }
        : {}),
      ...answer.headers,
    });
    response.end(body);
  }

  return backendOf(listener, notes);
}

function contentType(request: Recording): string {
  return formatOf(request) === "json" ? "application/json" : "application/x-protobuf";
}

function reset(socket: Socket): void {
  // Only plain TCP sockets can send RST by themselves; over TLS the connection just ends.
  if ("encrypted" in socket) socket.destroy();
  else socket.resetAndDestroy();
}
