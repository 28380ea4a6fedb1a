import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { expose } from "./exposition.ts";
import { type ComponentHealth, type Health, takesWork } from "./health.ts";
import type { Metrics } from "./metrics.ts";

export interface StatusOptions {
  /** Default "127.0.0.1": what is told here is not for strangers. */
  readonly host?: string;
  /** Default 8080; 0 takes a free one. */
  readonly port?: number;
  readonly health: Health;
  readonly metrics: Metrics;
  /** Shown on `/` and `/status`: name, version. */
  readonly about?: Readonly<Record<string, string>>;
  /** Further members of `/status`, asked at each request. */
  readonly details?: () => Readonly<Record<string, unknown>>;
}

/** A server that is up. */
export interface StatusServer {
  /** "127.0.0.1:8080". */
  readonly address: string;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * Serves what a program says about itself:
 *
 * | path | answer |
 * |---|---|
 * | `/` | what there is, as text |
 * | `/healthz`, `/readyz` | 200 while ready or degraded, else 503, and the state of each part; `?verbose` adds since when |
 * | `/livez` | 200 as long as the process can answer |
 * | `/status` | all of it as JSON |
 * | `/metrics` | Prometheus text, or OpenMetrics |
 *
 * @throws the error of `listen`, such as EADDRINUSE
 */
export async function serveStatus(options: StatusOptions): Promise<StatusServer> {
  // `import "node:http"` loads undici as well, which costs 40 ms and 19 MiB; this does not.
  const { createServer } = process.getBuiltinModule("node:http");
  const server = createServer((request, response) => answer(request, response, options));
  const { host = "127.0.0.1", port = 8080 } = options;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return { address: addressOf(server), close: () => closeServer(server) };
}

function answer(request: IncomingMessage, response: ServerResponse, options: StatusOptions): void {
  const [path, query = ""] = (request.url ?? "/").split("?", 2);
  const get = request.method === "GET" || request.method === "HEAD";
  const page = get ? pageFor(path!, query, request.headers.accept, options) : text(405, "use GET\n");
  if (page.status === 405) response.setHeader("Allow", "GET, HEAD");
  response.writeHead(page.status, {
    "Content-Type": page.contentType,
    "Content-Length": Buffer.byteLength(page.body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : page.body);
  request.resume(); // a body that nobody wanted must not block the connection
}

function pageFor(path: string, query: string, accept: string | undefined, options: StatusOptions): Page {
  const { about = {}, details, health, metrics } = options;
  switch (path) {
    case "/": {
      const paths = ["/healthz", "/livez", "/readyz", "/status", "/metrics"];
      const name = Object.values(about).join(" ");
      return text(200, `${name === "" ? "" : `${name}: `}${health.report().state}\n\n${paths.join("\n")}\n`);
    }
    case "/livez": {
      return text(200, "alive\n");
    }
    case "/healthz":
    case "/readyz": {
      const { state, components } = health.report();
      const verbose = new URLSearchParams(query).has("verbose");
      const lines = Object.entries(components).map(([name, part]) => `${name}: ${lineFor(part, verbose)}`);
      return text(takesWork(state) ? 200 : 503, `${[state, ...lines].join("\n")}\n`);
    }
    case "/status": {
      const body = { ...about, ...health.report(), uptimeSeconds: Math.round(process.uptime()), ...details?.() };
      return { status: 200, contentType: "application/json", body: `${JSON.stringify(body, null, 2)}\n` };
    }
    case "/metrics": {
      return { status: 200, ...expose(metrics.read(), accept) };
    }
    default: {
      return text(404, "not found; / lists what there is\n");
    }
  }
}

function lineFor({ state, reason, since }: ComponentHealth, verbose: boolean): string {
  return `${state}${verbose ? ` since ${since}` : ""}${reason === undefined ? "" : ` (${reason})`}`;
}

function text(status: number, body: string): Page {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") return String(address);
  return address.family === "IPv6" ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
