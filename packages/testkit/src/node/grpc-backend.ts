import { type Signal, signalNames, signals } from "@otlpkit/core";
import { createSecureServer, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import {
  type Answer,
  type Backend,
  type BackendOptions,
  backendOf,
  book,
  type OkAnswer,
  type Recording,
  type RefuseAnswer,
} from "./backend.ts";
import { type Ended, endlessly, pause } from "./bodies.ts";
import { frame } from "./frame.ts";
import { listening, tlsOptions } from "./listening.ts";
import { exportReply, statusReply } from "./replies.ts";

/** An OTLP/gRPC backend on 127.0.0.1 over plain `node:http2` that answers as its script says. */
export async function grpcBackend(options: BackendOptions = {}): Promise<Backend> {
  const notes = book();
  const secure = options.tls !== undefined && options.tls !== false;
  const settings = { settings: { initialWindowSize: 1 << 20, maxConcurrentStreams: 1000 }, maxSessionMemory: 256 };
  const server = secure ? createSecureServer({ ...settings, ...tlsOptions(options.tls) }) : createServer(settings);
  const listener = await listening(server, secure, options.port);
  // The session hides its socket behind a proxy, and some frames have to be written past the session.
  const sockets = new WeakMap<object, Socket>();
  let latest: Socket | undefined;
  server.prependListener(secure ? "secureConnection" : "connection", (socket: Socket) => {
    latest = socket;
  });
  server.on("session", (session) => {
    if (latest) sockets.set(session, latest);
    session.on("error", () => {
      // The client went; the requests under way say so.
    });
  });

  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    void serve(stream, headers);
  });

  async function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const socket = stream.session ? sockets.get(stream.session) : undefined;
    if (!socket) return;
    const path = headers[":path"] ?? "";
    const recording: Recording = {
      signal: signalNames.find((name: Signal) => signals[name].grpcPath === path),
      path,
      method: headers[":method"] ?? "",
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
      ),
      body: new Uint8Array(),
      compressedFlag: 0,
      atMs: performance.now(),
      connection: listener.numberOf(socket),
      aborted: false,
    };
    notes.begin(recording);
    let complete = false;
    stream.once("finish", () => (complete = true));
    stream.on("error", () => {
      // The client cancelled or went; `aborted` says so.
    });
    const ended = new Promise<void>((resolve) => {
      stream.once("close", () => {
        recording.aborted = !complete || stream.rstCode !== 0;
        notes.done();
        resolve();
      });
    });
    const answer = notes.next(recording);
    if (answer.kind === "reset" && answer.when === "before-body") {
      notes.arrivedNow();
      socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    const whole = await new Promise<boolean>((resolve) => {
      stream.once("end", () => resolve(!stream.aborted));
      stream.once("close", () => resolve(false));
    });
    const framed = new Uint8Array(Buffer.concat(chunks));
    recording.compressedFlag = framed[0] ?? 0;
    recording.body = framed.subarray(5);
    notes.arrivedNow();
    if (whole)
      await give(answer, recording, stream, socket, { promise: ended, is: () => stream.closed || stream.destroyed });
  }

  async function give(
    answer: Answer,
    request: Recording,
    stream: ServerHttp2Stream,
    socket: Socket,
    ended: Ended,
  ): Promise<void> {
    switch (answer.kind) {
      case "hang":
        return;
      case "rst-stream":
        stream.close(answer.code);
        return;
      case "reset":
        if (answer.when === "after-headers") {
          stream.respond(successHeaders);
          await new Promise((resolve) => stream.write(frame(new Uint8Array(100)).subarray(0, 20), resolve));
        }
        socket.destroy();
        return;
      case "goaway": {
        if (answer.covered) {
          const { session } = stream;
          session?.goaway(0, stream.id ?? 0);
          await write({ kind: "ok" }, request, stream, ended);
          session?.close();
          return;
        }
        // By hand, because the session's own goaway() cannot say that the very first stream was not processed.
        const bytes = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.writeUInt32BE(Math.max(0, (stream.id ?? 0) - 2), 9);
        socket.write(bytes);
        return;
      }
      case "drip": {
        const body = frame(answer.body ?? exportReply("protobuf", undefined, "drip ".repeat(400), ""));
        stream.respond(successHeaders, { waitForTrailers: true });
        stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        for (let at = 0; at < body.length && !ended.is(); at++) {
          stream.write(body.subarray(at, at + 1));
          await pause(answer.everyMs ?? 20, ended);
        }
        notes.accept(request);
        if (!ended.is()) stream.end();
        return;
      }
      case "endless":
        stream.respond({ ...successHeaders, ...(answer.gzip ? { "grpc-encoding": "gzip" } : {}) });
        stream.write(Buffer.from([answer.gzip ? 1 : 0, 0x7f, 0xff, 0xff, 0xff]));
        return endlessly(stream, answer.gzip === true);
      default:
        return write(answer, request, stream, ended);
    }
  }

  async function write(
    answer: OkAnswer | RefuseAnswer,
    request: Recording,
    stream: ServerHttp2Stream,
    ended: Ended,
  ): Promise<void> {
    if (answer.delayMs) await pause(answer.delayMs, ended);
    if (answer.until) await Promise.race([answer.until, ended.promise]);
    if (ended.is()) return;
    if (answer.kind === "refuse") return refuse(answer, stream);
    notes.accept(request);
    const plain = answer.body ?? exportReply("protobuf", answer.rejectedItems, answer.message, "");
    const body = answer.gzip ? gzipSync(plain) : plain;
    stream.respond(
      {
        ...successHeaders,
        ":status": answer.httpStatus ?? 200,
        ...(answer.gzip ? { "grpc-encoding": "gzip" } : {}),
        ...answer.headers,
      },
      { waitForTrailers: answer.trailers !== false },
    );
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(answer.frame ?? frame(body, answer.gzip ? 1 : 0));
    // Until the answer is out, so that a connection that is closed next does not take it along.
    if (!ended.is()) await ended.promise;
  }

  return backendOf(listener, notes);
}

function refuse(answer: RefuseAnswer, stream: ServerHttp2Stream): void {
  if (answer.httpStatus !== undefined && answer.grpcStatus === undefined) {
    stream.respond({ ":status": answer.httpStatus, "content-type": "text/html", ...answer.headers });
    stream.end(answer.body ?? "<html>refused by the script</html>");
    return;
  }
  const code = answer.grpcStatus ?? 14;
  const message = answer.message ?? "refused by the script";
  const details =
    answer.detailsBin ??
    (answer.retryAfterMs === undefined
      ? undefined
      : Buffer.from(statusReply("protobuf", code, message, answer.retryAfterMs))
          .toString("base64")
          .replace(/=+$/, ""));
  const status = {
    "grpc-status": String(code),
    "grpc-message": encodeURIComponent(message),
    ...(details === undefined ? {} : { "grpc-status-details-bin": details }),
  };
  const headers = { ...successHeaders, ":status": answer.httpStatus ?? 200, ...answer.headers };
  if (answer.trailersOnly !== false) {
    stream.respond({ ...headers, ...status }, { endStream: true });
    return;
  }
  stream.respond(headers, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers(status));
  stream.end(answer.body === undefined ? undefined : frame(answer.body));
}

const successHeaders = { ":status": 200, "content-type": "application/grpc" };
