import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { testAuthority, testServer } from "../certificates.ts";

/** A question that {@link fakeHttp} got. */
export interface FakeHttpQuestion {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
  /** Aborted when the one who asks has gone. */
  readonly gone: AbortSignal;
}

/** What {@link fakeHttp} answers. A string goes as it is, all else as JSON. */
export interface FakeHttpAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** How a {@link FakeHttp} misbehaves. */
export type FakeHttpFault =
  /** 200, and a body that is no JSON. */
  | "garbage"
  /** 200, and JSON that is something else. */
  | "other-json"
  /** Not even HTTP. */
  | "no-http"
  | "silent"
  | "error"
  /** 429 with Retry-After: 1. */
  | "busy"
  | "elsewhere";

/** An HTTP server on loopback that can be troubled. */
export interface FakeHttp {
  /** `http://127.0.0.1:8500`, `https://…` or `unix:///path`. */
  readonly url: string;
  /** All that was asked, in order. */
  readonly asked: readonly FakeHttpQuestion[];
  /** Misbehaves from the next question on; `undefined`: no longer. */
  fault(fault: FakeHttpFault | undefined): void;
  /** Gives the port back, or takes it again. */
  listen(on: boolean): Promise<void>;
  /** Ends the connections of the moment. */
  drop(): void;
  readonly openConnections: number;
  /** Ends it and all of its connections. */
  close(): Promise<void>;
}

/** Options of {@link fakeHttp}. */
export interface FakeHttpOptions {
  /** With the test server's certificate. Default false. */
  readonly tls?: boolean | "client-certificate";
  /** Take gzip where it is offered. Default false. */
  readonly gzip?: boolean;
  /** A Unix socket in place of a port. */
  readonly socketPath?: string;
}

/** A server that answers as `handle` says, and can be troubled: what HTTP APIs that are played for tests are made of. */
export async function fakeHttp(
  handle: (asked: FakeHttpQuestion) => FakeHttpAnswer | Promise<FakeHttpAnswer>,
  { tls = false, gzip = false, socketPath }: FakeHttpOptions = {},
): Promise<FakeHttp> {
  const asked: FakeHttpQuestion[] = [];
  const sockets = new Set<Socket>();
  let fault: FakeHttpFault | undefined;
  let server: Server | undefined;
  let port = 0;

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const url = new URL(request.url ?? "/", "http://fake");
    const text = Buffer.concat(pieces).toString();
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const question: FakeHttpQuestion = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text === "" ? undefined : (JSON.parse(text) as unknown),
      gone: gone.signal,
    };
    asked.push(question);
    if (fault === "silent") return;
    if (fault === "no-http") return void request.socket.end("what?\r\n\r\n");
    const reply = fault === undefined ? await handle(question) : faulty(fault);
    if (gone.signal.aborted) return;
    const { status = 200, headers = {}, body = "" } = reply;
    const plain = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const zipped = gzip && /gzip/.test(String(request.headers["accept-encoding"]));
    response.writeHead(status, { ...headers, ...(zipped ? { "content-encoding": "gzip" } : {}) });
    response.end(zipped ? gzipSync(plain) : plain);
  }

  async function open(): Promise<void> {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      onRequest(request, response).catch(() => response.destroy());
    };
    const made = tls
      ? createSecureServer(
          { ...testServer, ca: testAuthority, requestCert: tls === "client-certificate", rejectUnauthorized: true },
          listener,
        )
      : createServer(listener);
    made.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      made.once("error", reject);
      if (socketPath === undefined) made.listen(port, "127.0.0.1", resolve);
      else made.listen(socketPath, resolve);
    });
    if (socketPath === undefined) ({ port } = made.address() as AddressInfo);
    server = made;
  }
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  async function shut(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
    drop();
    await closed;
  }
  await open();
  return {
    url: socketPath === undefined ? `http${tls ? "s" : ""}://127.0.0.1:${port}` : `unix://${socketPath}`,
    asked,
    fault: (next) => (fault = next),
    async listen(on) {
      if (!on) await shut();
      else if (server === undefined) await open();
    },
    drop,
    get openConnections() {
      return sockets.size;
    },
    close: shut,
  };
}

function faulty(fault: FakeHttpFault): FakeHttpAnswer {
  if (fault === "garbage") return { body: "<html>not what you asked for" };
  if (fault === "other-json") return { body: { apps: 7 } };
  if (fault === "error") return { status: 500, body: "no leader" };
  if (fault === "busy") return { status: 429, headers: { "retry-after": "1" } };
  return { status: 307, headers: { location: "http://127.0.0.1:1/elsewhere" } };
}
