import { type Endpoint, ExportError, type Signal, signalNames, signals } from "@otlpkit/core";

/** A path for each signal; see `HttpTransportOptions.paths`. */
export type SignalPaths = Readonly<Partial<Record<Signal, string>>>;

/** Where an endpoint leads. */
export interface Target {
  /** URL of each signal, without user and fragment. For a Unix socket the host is "localhost" and means nothing. */
  readonly urls: Readonly<Record<Signal, URL>>;
  /** The Unix socket, if it is one. */
  readonly socketPath: string | undefined;
}

/**
 * Works out the URL of each signal (C-05, C-06, C-22): the endpoint's, with the signal's path put behind it, one slash
 * between them. An entry "" in `paths` takes the endpoint as it stands. The port is the scheme's own when none is named;
 * a query stays, since some backends want their key there.
 *
 * @throws ExportError "unsupported" when the endpoint is not `http:`, `https:` or `unix:`.
 */
export function targetOf(endpoint: Endpoint, paths: SignalPaths = {}): Target {
  const socketPath = socketPathOf(endpoint.url);
  const base = socketPath === undefined ? endpoint.url : "http://localhost";
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) throw notUnderstood(endpoint.url);
  const urls = signalNames.map((signal) => [signal, join(base, paths[signal] ?? signals[signal].httpPath)]);
  return { urls: Object.fromEntries(urls) as Record<Signal, URL>, socketPath };
}

function join(base: string, path: string): URL {
  const url = new URL(base);
  url.username = "";
  url.password = "";
  url.hash = "";
  if (path !== "") url.pathname = `${url.pathname.replace(/\/$/, "")}/${path.replace(/^\//, "")}`;
  return url;
}

function socketPathOf(url: string): string | undefined {
  const path = /^unix:(?:\/\/(?=\/))?(.+)$/i.exec(url)?.[1];
  return path === undefined ? undefined : decodeURI(path);
}

/** An URL for people: without the query, which may hold a key. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function notUnderstood(url: string): ExportError {
  const harmless = url.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/, "");
  return new ExportError(
    "unsupported",
    `cannot send OTLP/HTTP to "${harmless}"; use http://host:port, https://host:port or unix:///path`,
  );
}
