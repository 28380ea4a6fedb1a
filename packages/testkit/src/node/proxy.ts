import { createServer, type IncomingMessage, request as requestOf, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import type { BackendTls } from "./backend.ts";
import { listening, tlsOptions } from "./listening.ts";

/** What a {@link TestProxy} was asked for. */
export interface ProxiedRequest {
  /** "CONNECT" for a tunnel; otherwise a request that the proxy makes in the client's place. */
  readonly method: string;
  /** `host:port` for a tunnel; otherwise the whole URL, as it came. */
  readonly target: string;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which connection to the proxy it came over: 1, 2, ... */
  readonly connection: number;
}

/** What a {@link TestProxy} does with one request. */
export type ProxyAnswer =
  | { readonly kind: "pass" }
  /** Answers with this status in place of the far side. */
  | { readonly kind: "refuse"; readonly status: number }
  /** Never answers. */
  | { readonly kind: "hang" };

/** What a proxy can be made with. */
export interface TestProxyOptions {
  /** Default: 0, any free one. */
  readonly port?: number;
  /** Be spoken to over TLS, as {@link testServer} unless told otherwise. Default: plain. */
  readonly tls?: boolean | BackendTls;
  /** "user:password" that clients must show; others get 407. Default: none. */
  readonly credentials?: string;
}

/** An HTTP proxy that does as it is told. */
export interface TestProxy {
  /** `http://127.0.0.1:12345`, or `https:`; without credentials. */
  readonly url: string;
  readonly port: number;
  /** In order of arrival, refused ones too. */
  readonly requests: readonly ProxiedRequest[];
  /** From now on: these answers in order, the last one for ever. Before: pass. */
  script(...answers: ProxyAnswer[]): void;
  /** Connections from clients. */
  readonly openConnections: number;
  /** Connections ever opened. */
  readonly totalConnections: number;
  /** Cuts every connection; the port stays open. */
  dropConnections(): void;
  /** Cuts every connection and gives the port back. Safe to call twice. */
  close(): Promise<void>;
}

/** An HTTP proxy on 127.0.0.1: makes tunnels (CONNECT), and passes on requests that name a whole URL. */
export async function testProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const secure = options.tls !== undefined && options.tls !== false;
  const server = secure ? createTlsServer(tlsOptions(options.tls)) : createServer();
  server.keepAliveTimeout = 0;
  const listener = await listening(server, secure, options.port);
  const requests: ProxiedRequest[] = [];
  const farSides = new Set<Socket>();
  let answers: ProxyAnswer[] = [{ kind: "pass" }];
  const wanted =
    options.credentials === undefined ? undefined : `Basic ${Buffer.from(options.credentials).toString("base64")}`;

  function judge(request: IncomingMessage): ProxyAnswer {
    requests.push({
      method: request.method ?? "",
      target: request.url ?? "",
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      connection: listener.numberOf(request.socket),
    });
    if (wanted !== undefined && request.headers["proxy-authorization"] !== wanted) {
      return { kind: "refuse", status: 407 };
    }
    const [answer = { kind: "pass" }] = answers;
    if (answers.length > 1) answers.shift();
    return answer;
  }

  server.on("connect", (request: IncomingMessage, near: Socket, head: Buffer) => {
    const answer = judge(request);
    if (answer.kind === "hang") {
      // Read on, or nobody notices when the client goes.
      near.resume().once("end", () => near.destroy());
      return;
    }
    if (answer.kind === "refuse") {
      near.end(`HTTP/1.1 ${answer.status} Refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const far = connect(Number(port === "" ? 80 : port), hostname.replace(/^\[|\]$/g, ""));
    farSides.add(far);
    far.once("close", () => farSides.delete(far));
    let reached = false;
    far.once("connect", () => {
      reached = true;
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      far.write(head);
      near.pipe(far).pipe(near);
    });
    far.on("error", () => {
      if (reached) near.destroy();
      else near.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    });
    near.once("close", () => far.destroy());
  });

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const answer = judge(request);
    if (answer.kind === "hang") {
      request.resume();
      return;
    }
    if (answer.kind === "refuse" || !URL.canParse(request.url ?? "")) {
      request.resume();
      response.writeHead(answer.kind === "refuse" ? answer.status : 400).end();
      return;
    }
    const headers = { ...request.headers };
    delete headers["proxy-authorization"];
    const onward = requestOf(request.url as string, { method: request.method ?? "GET", headers, agent: false });
    onward.on("response", (answered) => {
      const { connection: _, "keep-alive": __, ...passed } = answered.headers;
      response.writeHead(answered.statusCode ?? 502, passed);
      answered.pipe(response);
    });
    onward.on("error", () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    response.once("close", () => onward.destroy());
    request.pipe(onward);
  });

  return {
    url: listener.url,
    port: listener.port,
    requests,
    script: (...next) => void (answers = next),
    get openConnections() {
      return listener.openConnections;
    },
    get totalConnections() {
      return listener.totalConnections;
    },
    dropConnections: () => listener.dropConnections(),
    close() {
      for (const far of farSides) far.destroy();
      return listener.close();
    },
  };
}
