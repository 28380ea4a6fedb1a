import { ExportError } from "@otlpkit/core";

/** Where a channel leads, taken from an endpoint's URL. */
export interface Target {
  /** For people: "collector:4317", "unix:/run/otlp.sock". */
  readonly address: string;
  /** What goes into `:authority`. */
  readonly authority: string;
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** A Unix socket; then `host` and `port` mean nothing. */
  readonly socketPath?: string;
  /** Part of the URL that gRPC has no use for and that was dropped, such as "/v1/traces" (A-06). */
  readonly droppedPath?: string;
}

const defaultPort = 4317;

/**
 * Reads an endpoint (A-04 to A-07). `http://` is plain and `https://` is TLS whatever `insecure` says, with the scheme's
 * own port when none is named; the forms of gRPC libraries (`dns:///host:port`, `ipv4:`, `ipv6:`, `host:port`) use TLS
 * unless `insecure`, and port 4317; `unix:` is plain.
 *
 * @throws ExportError "unsupported" when it is none of these.
 */
export function targetOf(url: string, insecure: boolean): Target {
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d+$)/i.exec(url)?.[1]?.toLowerCase();
  const rest = scheme === undefined ? url : url.slice(scheme.length + 1);
  switch (scheme) {
    case "http":
    case "https":
      return fromUrl(url);
    case "unix":
      return fromSocketPath(rest.replace(/^\/\/(?=\/)/, ""), url);
    case "dns":
      return fromHostPort(rest.replace(/^\/\/[^/]*\//, ""), !insecure, url);
    case "ipv4":
    case "ipv6":
      return fromHostPort(rest.replace(/^\/\/\//, ""), !insecure, url);
    case undefined:
      return fromHostPort(rest, !insecure, url);
    default:
      throw notUnderstood(url);
  }
}

function fromUrl(url: string): Target {
  if (!URL.canParse(url)) throw notUnderstood(url);
  const { protocol, hostname, port, pathname } = new URL(url);
  const tls = protocol === "https:";
  const target = tcp(hostname.replace(/^\[|\]$/g, ""), port === "" ? (tls ? 443 : 80) : Number(port), tls);
  // A query goes without a word: keys are written there.
  return pathname === "/" || pathname === "" ? target : { ...target, droppedPath: pathname };
}

function fromSocketPath(path: string, url: string): Target {
  if (path === "") throw notUnderstood(url);
  return { address: `unix:${path}`, authority: "localhost", tls: false, host: "localhost", port: 0, socketPath: path };
}

function fromHostPort(text: string, tls: boolean, url: string): Target {
  if (isAddress6(text)) return tcp(text, defaultPort, tls);
  const parts = /^(?:\[([^\]]+)\]|([^:/?#@[\]\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = parts?.[3] === undefined ? defaultPort : Number(parts[3]);
  if (host === undefined || port > 65_535) throw notUnderstood(url);
  return tcp(host, port, tls);
}

function tcp(host: string, port: number, tls: boolean): Target {
  const address = `${isAddress6(host) ? `[${host}]` : host}:${port}`;
  return { address, authority: address, tls, host, port };
}

/** Fetched when it is needed, and not through `import`: it is part of every start otherwise. */
function isAddress6(host: string): boolean {
  return process.getBuiltinModule("node:net").isIPv6(host);
}

function notUnderstood(url: string): ExportError {
  // The user part of a URL may hold a password, its query a key, and nobody needs to see them.
  const shown = url.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/, "");
  return new ExportError(
    "unsupported",
    `cannot make a gRPC target of endpoint "${shown}"; use http://host:port, https://host:port, host:port, ` +
      "dns:///host:port or unix:///path",
  );
}
