import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Listening, type Receiver, type Sender, signals } from "@otlpkit/core";
import { alarms } from "../alarms.ts";
import { agreedTls, authorities, live, pem, rulesOf } from "../tls.ts";
import { sessionWindowBytes, streamWindowBytes } from "../windows.ts";
import { type CallContext, serveCall } from "./call.ts";
import { handshakeRefusal } from "./handshake.ts";
import { healthCalls } from "./health-call.ts";
import { healthService } from "./health.ts";
import { listenOn } from "./listen.ts";
import { filledReceiver, type FilledReceiverOptions, type GrpcReceiverOptions, type ServerTls } from "./options.ts";

/**
 * Takes OTLP/gRPC over `node:http2`: the unary Export calls of the four services and, with `health`,
 * `grpc.health.v1`; nothing else.
 *
 * ```ts
 * const listening = await grpcReceiver({ port: 0, compressors: [gzip()] }).listen(pipeline);
 * ```
 *
 * @throws RangeError when an option makes no sense; `listen` throws ExportError "unavailable" when the port cannot be
 * opened.
 */
export function grpcReceiver(options: GrpcReceiverOptions = {}): Receiver {
  const all = filledReceiver(options);
  return { name: "otlp/grpc", listen: (pipeline) => listen(pipeline, all) };
}

async function listen(pipeline: Sender, options: FilledReceiverOptions): Promise<Listening> {
  const compressors = new Map(options.compressors.map((compressor) => [compressor.name, compressor]));
  const context: CallContext = {
    options,
    pipeline,
    compressors,
    alarms: alarms(),
    accepted: ["identity", ...compressors.keys()].join(","),
    signalOfPath: new Map(options.signals.map((signal) => [signals[signal].grpcPath, signal])),
  };
  const health =
    options.health === undefined ? undefined : healthCalls(healthService(options.health, options.signals), context);
  const sessions = new Map<ServerHttp2Session, SessionState>();
  const sockets = new Set<Socket>();
  const server = createHttp2Server(options);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    sessions.set(session, watch(session, options));
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    if (health?.take(stream, headers) !== true) serveCall(stream, headers, context);
  });
  server.on("tlsClientError", (failure: Error, socket: TLSSocket) => {
    const error = handshakeRefusal(failure, socket);
    if (error !== undefined) options.onRefused({ error });
  });
  const forget = follow(server, options);
  const address = await listenOn(server, options);

  let closed: Promise<void> | undefined;
  return {
    address,
    close({ graceMs = 10_000 } = {}) {
      closed ??= new Promise((resolve) => {
        health?.end();
        forget();
        // Sockets and not sessions: one that was closed waits for the client's goodbye, which may never come.
        const timer = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        for (const [session, { calls }] of sessions) {
          // Gone already when the session was destroyed and is only waiting for the client's goodbye.
          const socket: Socket | undefined = session.socket;
          session.close();
          if (calls === 0) socket?.destroySoon();
        }
      });
      return closed;
    },
  };
}

function createHttp2Server(options: FilledReceiverOptions): Http2Server | Http2SecureServer {
  const tls = options.tls === undefined ? undefined : live(options.tls).current;
  const common = {
    settings: {
      initialWindowSize: streamWindowBytes,
      maxConcurrentStreams: options.maxConcurrentStreams,
      maxHeaderListSize: options.maxHeaderBytes,
      enablePush: false,
    },
    maxHeaderListPairs: 128,
    // In MB. Node's 10 would end a connection with ENHANCE_YOUR_CALM in the middle of a large request.
    maxSessionMemory: 64 + Math.ceil((4 * options.maxRequestBytes) / 1_048_576),
    streamResetBurst: options.maxResets.burst,
    streamResetRate: options.maxResets.perSecond,
  };
  if (tls === undefined) return createServer(common);
  return createSecureServer({
    ...common,
    ...contextOf(tls),
    requestCert: tls.requireClientCert === true || tls.askClientCert === true,
    rejectUnauthorized: tls.requireClientCert === true,
    handshakeTimeout: 10_000,
  });
}

function contextOf({ cert, key, ca, ...rules }: ServerTls) {
  return {
    ...rulesOf(rules),
    honorCipherOrder: true,
    cert: pem(cert, "cert"),
    key: pem(key, "key"),
    ca: authorities(ca),
  };
}

/** Whoever connects after a change meets the new certificate; who is connected notices nothing. */
function follow(server: Http2Server | Http2SecureServer, { tls }: FilledReceiverOptions): () => void {
  if (tls === undefined) return () => {};
  const source = live(tls);
  server.on("secureConnection", (socket: TLSSocket) => source.current.onSecure?.(agreedTls(socket)));
  return source.onChange(() => (server as Http2SecureServer).setSecureContext(contextOf(source.current)));
}

interface SessionState {
  /** Calls under way. */
  readonly calls: number;
}

function watch(session: ServerHttp2Session, options: FilledReceiverOptions): SessionState {
  // An "error" nobody listens to would end the process; "close" follows and calls learn of it there.
  session.on("error", () => {});
  session.setLocalWindowSize(sessionWindowBytes);
  const state = { calls: 0 };
  let lastCallAtMs = performance.now();
  let probing = false;
  session.on("stream", (stream) => {
    state.calls++;
    stream.once("close", () => {
      state.calls--;
      lastCallAtMs = performance.now();
    });
  });
  if (options.keepaliveMs > 0) {
    session.setTimeout(options.keepaliveMs, () => {
      const idleMs = state.calls > 0 ? 0 : performance.now() - lastCallAtMs;
      if (options.maxIdleMs > 0 && idleMs >= options.maxIdleMs) session.close();
      else if (!probing) probe();
    });
  }
  return state;

  function probe(): void {
    probing = true;
    const timer = setTimeout(() => session.destroy(), options.keepaliveTimeoutMs);
    timer.unref();
    session.ping(() => {
      clearTimeout(timer);
      probing = false;
    });
  }
}
