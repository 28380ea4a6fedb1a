// node:http is fetched when the first connection is configured, and not through `import`: that would load the whole of
// Node's `fetch` with it, some 40 ms of every start.
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { SecureContext } from "node:tls";
import { type Compressor, ExportError } from "@otlpkit/core";
import type { Answer } from "./answer.ts";
import { answerTooLarge, cancelled, timedOut } from "./interruptions.ts";
import { networkError } from "./network-error.ts";
import type { Poster, PostRequest } from "./otlp-sender.ts";
import { shown } from "./request-url.ts";
import { retryableStatuses } from "./status-table.ts";
import { pem, type TlsOptions } from "./tls.ts";

export interface NodePosterSettings {
  readonly secure: boolean;
  readonly socketPath: string | undefined;
  readonly tls: TlsOptions;
  readonly maxResponseBytes: number;
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly compressors: ReadonlyMap<string, Compressor>;
}

type Request = (options: RequestOptions) => ClientRequest;

/** Posts through `node:http` with connections of its own. */
export function nodePoster(settings: NodePosterSettings): Poster {
  const { agent, request } = settings.secure ? secureAgent(settings) : plainAgent(settings);
  // One agent has one far side, so all its connections are alike. The usual name is built from all TLS options, each time.
  agent.getName = () => "";
  const routes = new WeakMap<URL, RequestOptions>();

  function routeOf(url: URL): RequestOptions {
    let route = routes.get(url);
    if (route === undefined) {
      route = {
        agent,
        method: "POST",
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port,
        path: url.pathname + url.search,
        ...(settings.socketPath === undefined ? {} : { socketPath: settings.socketPath }),
      };
      routes.set(url, route);
    }
    return route;
  }

  return {
    post: (message) => exchange(message, (headers) => request({ ...routeOf(message.url), headers }), settings),
    release() {
      agent.destroy();
      // A connection may still be on its way for a request that was given up as it waited for one.
      agent.maxFreeSockets = 0;
    },
  };
}

function agentOptions(settings: NodePosterSettings) {
  return { keepAlive: true, maxSockets: settings.maxConnections, timeout: settings.idleTimeoutMs };
}

function plainAgent(settings: NodePosterSettings): { agent: Agent; request: Request } {
  const http = process.getBuiltinModule("node:http");
  return { agent: new http.Agent(agentOptions(settings)), request: http.request };
}

function secureAgent(settings: NodePosterSettings): { agent: Agent; request: Request } {
  const https = process.getBuiltinModule("node:https");
  const { serverName, insecureSkipVerify = false } = settings.tls;
  const agent = new https.Agent({
    ...agentOptions(settings),
    secureContext: secureContext(settings.tls),
    rejectUnauthorized: !insecureSkipVerify,
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
  return { agent, request: https.request };
}

function secureContext({ ca, cert, key }: TlsOptions): SecureContext {
  try {
    return process.getBuiltinModule("node:tls").createSecureContext({
      ...(ca === undefined ? {} : { ca: (Array.isArray(ca) ? ca : [ca]).map(pem) }),
      ...(cert === undefined ? {} : { cert: pem(cert) }),
      ...(key === undefined ? {} : { key: pem(key) }),
    });
  } catch (cause) {
    const reason = (cause as Error).message;
    const message = `cannot use the TLS options (ca, cert, key): ${reason}; are they PEM, and does the key belong to cert?`;
    throw new ExportError("rejected", message, { cause });
  }
}

/** One request and its answer. Whatever ends it, the timers are gone and the socket is reusable or freed. */
function exchange(
  { url, headers, body, deadline, signal }: PostRequest,
  open: (headers: Record<string, string>) => ClientRequest,
  settings: NodePosterSettings,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let settled = false;
    let deadlineTimer: NodeJS.Timeout | undefined;
    let connectTimer: NodeJS.Timeout | undefined;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      clearTimeout(deadlineTimer);
      clearTimeout(connectTimer);
      signal?.removeEventListener("abort", abort);
      return true;
    };
    const fail = (error: ExportError): void => {
      if (!settle()) return;
      request.destroy();
      reject(error);
    };
    const abort = (): void => fail(cancelled(url, signal as AbortSignal));

    let request: ClientRequest;
    try {
      request = open({ ...headers, "content-length": String(body.byteLength) });
    } catch (cause) {
      reject(ExportError.from(cause, `cannot make a request to ${shown(url)}`));
      return;
    }
    // This listener stays for good: a socket may break after the answer is complete, and that concerns nobody (C-23).
    request.on("error", (error) => fail(networkError(error, url)));
    request.on("socket", (socket) => {
      if (!socket.connecting) return;
      connectTimer = setTimeout(() => fail(notConnected(url, settings.connectTimeoutMs)), settings.connectTimeoutMs);
      socket.once(settings.secure ? "secureConnect" : "connect", () => clearTimeout(connectTimer));
    });
    request.on("response", (response) => {
      readAnswer(response, url, settings).then(
        (answer) => {
          if (settle()) resolve(answer);
          // Answered before it had all of the body, as a 413 may be: it may never read on, so do not wait for that.
          if (!request.writableFinished) setTimeout(() => request.writableFinished || request.destroy(), 1_000).unref();
        },
        (error: unknown) => fail(ExportError.is(error) ? error : networkError(error, url)),
      );
    });
    signal?.addEventListener("abort", abort);
    if (deadline !== undefined) {
      const remainingMs = Math.min(Math.max(0, deadline - performance.now()), 2 ** 31 - 1);
      deadlineTimer = setTimeout(() => fail(timedOut(url)), remainingMs);
    }
    request.end(body);
  });
}

function notConnected(url: URL, timeoutMs: number): ExportError {
  return new ExportError("unavailable", `no connection to ${shown(url)} within ${timeoutMs} ms; is it reachable?`);
}

async function readAnswer(response: IncomingMessage, url: URL, settings: NodePosterSettings): Promise<Answer> {
  const status = response.statusCode as number;
  const { headers } = response;
  const answer = {
    status,
    contentType: headers["content-type"],
    retryAfter: headers["retry-after"],
    location: headers.location,
  };
  try {
    const body = await readBody(response, url, settings.maxResponseBytes);
    return { ...answer, body: await decompressed(body, headers["content-encoding"], url, status, settings) };
  } catch (error) {
    // The connection broke within the words of a refusal: the status alone says that this will not be taken.
    const final = !ExportError.is(error) && status >= 300 && !retryableStatuses.has(status);
    if (final) return { ...answer, body: new Uint8Array() };
    throw error;
  }
}

const nothing = new Uint8Array();

function readBody(response: IncomingMessage, url: URL, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    if (Number(response.headers["content-length"] ?? 0) > maxBytes) {
      reject(answerTooLarge(url, response.statusCode as number, maxBytes));
      return;
    }
    response.on("data", (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) reject(answerTooLarge(url, response.statusCode as number, maxBytes));
      else chunks.push(chunk);
    });
    response.on("end", () => resolve(chunks.length === 0 ? nothing : Buffer.concat(chunks, bytes)));
    response.on("error", reject);
  });
}

async function decompressed(
  body: Uint8Array,
  encoding: string | undefined,
  url: URL,
  status: number,
  { compressors, maxResponseBytes }: NodePosterSettings,
): Promise<Uint8Array> {
  if (encoding === undefined || body.byteLength === 0 || encoding.toLowerCase() === "identity") return body;
  const compressor = compressors.get(encoding.toLowerCase());
  // We did not ask for it and cannot read it: the status has to do.
  if (compressor === undefined) return nothing;
  try {
    return await compressor.decompress(body, maxResponseBytes);
  } catch (error) {
    if (ExportError.is(error) && error.code === "too-large") throw answerTooLarge(url, status, maxResponseBytes);
    return nothing;
  }
}
