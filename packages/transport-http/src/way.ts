// node:http is fetched when the first connection is configured, and not through `import`: that would load the whole of
// Node's `fetch` with it, some 40 ms of every start.
import type { Agent, ClientRequest, RequestOptions } from "node:http";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { HttpProxy } from "@otlpkit/core";
import { notConnected } from "./interruptions.ts";
import type { Headers } from "./request-headers.ts";
import { agreedTls, secureContext, type TlsOptions } from "./tls.ts";
import { openTunnel, securely } from "./tunnel.ts";

export interface WaySettings {
  readonly secure: boolean;
  readonly tls: TlsOptions;
  readonly socketPath: string | undefined;
  readonly proxy: HttpProxy | undefined;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

/** What somebody waits for. */
export interface Attempt {
  /** Ends what is not the request's own yet; set by whoever has something to end, a tunnel on its way. */
  abandon(): void;
}

/** How requests get to an endpoint, over connections that are kept. */
export interface Way {
  /** Begins a POST. */
  open(url: URL, headers: Headers, attempt: Attempt): ClientRequest;
  /** Lets go of idle connections, and keeps no more. Requests under way end as they would. */
  retire(): void;
  /** Lets go of all connections. */
  release(): void;
}

/**
 * Straight to the endpoint, over a Unix socket (and then no proxy), through a proxy that makes our requests (`http:` endpoints), or through
 * one that makes tunnels (`https:` endpoints).
 */
export function wayTo(settings: WaySettings): Way {
  const { proxy, secure, socketPath, tls } = settings;
  if (socketPath !== undefined) return over(plainAgent(settings), (url) => ({ ...straight(url), socketPath }));
  if (proxy === undefined) {
    return over(secure ? secureAgent(settings, trustOf(tls)) : plainAgent(settings), straight);
  }
  if (secure) return over(tunnelAgent(settings, proxy), straight);
  const connections = proxy.secure ? secureAgent(settings, trustOfProxy(tls)) : plainAgent(settings);
  return over(connections, (url) => forwarded(url, proxy));
}

/** The part of a request's options that is the same each time. */
interface Route extends RequestOptions {
  readonly headers?: Headers;
}

function straight(url: URL): Route {
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port, path: url.pathname + url.search };
}

/** We connect to the proxy, and name to it the whole URL that we want (RFC 9112 section 3.2.2). */
function forwarded(url: URL, { host, port, authorization }: HttpProxy): Route {
  const forProxy = authorization === undefined ? {} : { "proxy-authorization": authorization };
  return { host, port, path: url.href, headers: { host: url.host, ...forProxy } };
}

interface Connections {
  readonly agent: Agent;
  readonly request: (options: RequestOptions) => ClientRequest;
}

/** What an agent's `createConnection` is given: all options of the request, among them what is ours. */
interface OpenOptions extends RequestOptions {
  readonly attempt: Attempt;
  /** Worked out by the agent; "" for an address. */
  readonly servername?: string;
}

function over({ agent, request }: Connections, routeOf: (url: URL) => Route): Way {
  // One agent has one far side, so all its connections are alike. The usual name is built from all TLS options, each time.
  agent.getName = () => "";
  const routes = new WeakMap<URL, Route>();
  return {
    open(url, headers, attempt) {
      let route = routes.get(url);
      if (route === undefined) routes.set(url, (route = { ...routeOf(url), agent, method: "POST" }));
      const all = route.headers === undefined ? headers : { ...route.headers, ...headers };
      const options: OpenOptions = { ...route, headers: all, attempt };
      return request(options);
    },
    retire() {
      agent.maxFreeSockets = 0;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    },
    release() {
      agent.destroy();
      // A connection may still be on its way for a request that was given up as it waited for one.
      agent.maxFreeSockets = 0;
    },
  };
}

// How often the kernel asks whether the far side is still there. Node's own second would be a packet a second.
const keepAliveMs = 15_000;

function agentOptions(settings: WaySettings) {
  return { keepAlive: true, keepAliveMsecs: keepAliveMs, timeout: settings.idleTimeoutMs };
}

function plainAgent(settings: WaySettings): Connections {
  const http = process.getBuiltinModule("node:http");
  return { agent: new http.Agent(agentOptions(settings)), request: http.request };
}

function secureAgent(settings: WaySettings, trust: ConnectionOptions): Connections {
  const https = process.getBuiltinModule("node:https");
  return { agent: new https.Agent({ ...agentOptions(settings), ...trust }), request: https.request };
}

/** Each connection is a tunnel through the proxy, with TLS to the endpoint inside. */
function tunnelAgent(settings: WaySettings, proxy: HttpProxy): Connections {
  const trust = trustOf(settings.tls);
  const proxyTrust = trustOfProxy(settings.tls);
  const connections = secureAgent(settings, trust);

  async function connect({ host, port, servername, attempt }: OpenOptions): Promise<TLSSocket> {
    const place = { host: host ?? "", port: Number(port) };
    const over = new AbortController();
    const timer = setTimeout(
      () => over.abort(notConnected(`${place.host}:${place.port}`, settings.connectTimeoutMs, proxy)),
      settings.connectTimeoutMs,
    );
    attempt.abandon = () => over.abort(new Error("given up"));
    try {
      const socket = await openTunnel({ ...place, proxy, tls: proxyTrust, over: over.signal });
      socket.setKeepAlive(true, keepAliveMs);
      const name = servername === undefined ? {} : { servername };
      const options = { ...trust, ...name, host: place.host, ALPNProtocols: ["http/1.1"] };
      const secured = await securely(socket, options, over.signal);
      settings.tls.onSecure?.(agreedTls(secured));
      return secured;
    } finally {
      clearTimeout(timer);
    }
  }

  connections.agent.createConnection = (options, done) => {
    connect(options as OpenOptions).then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, undefined as never),
    );
    return undefined;
  };
  return connections;
}

function trustOf(tls: TlsOptions): ConnectionOptions {
  return {
    secureContext: secureContext(tls),
    rejectUnauthorized: tls.insecureSkipVerify !== true,
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls.checkServerIdentity === undefined ? {} : { checkServerIdentity: tls.checkServerIdentity }),
  };
}

/** Our certificate, and the name to expect, are for the endpoint only. */
function trustOfProxy({ ca, insecureSkipVerify = false }: TlsOptions): ConnectionOptions {
  return trustOf({ ...(ca === undefined ? {} : { ca }), insecureSkipVerify });
}
