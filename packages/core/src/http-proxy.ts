import { ExportError } from "./errors.ts";

/** An HTTP proxy on the way to endpoints. */
export interface HttpProxy {
  /** Spoken to over TLS. */
  readonly secure: boolean;
  /** A name or an address, an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`, if its URL has a user. */
  readonly authorization: string | undefined;
  /** Its URL without credentials, for people. */
  readonly shown: string;
}

/**
 * Reads where a proxy is: `http://host:3128`, `https://user:password@host`, or as environments name it, `host:3128`.
 *
 * @throws ExportError "unsupported" for anything else, SOCKS for instance.
 */
export function httpProxyOf(proxy: string | URL): HttpProxy {
  const text = String(proxy).trim();
  const href = text.includes("://") ? text : `http://${text}`;
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === "") {
    const harmless = href.replace(/\/\/.*@/, "//").replace(/[?#].*$/, "");
    throw new ExportError("unsupported", `"${harmless}" is no HTTP proxy; use http://host:port or https://host:port`);
  }
  const secure = url.protocol === "https:";
  return {
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    authorization: url.username === "" ? undefined : basic(`${plain(url.username)}:${plain(url.password)}`),
    shown: url.origin,
  };
}

/**
 * What it means that a proxy answered `status` when it was to let us through to `place`. Nothing has been sent, so what may
 * pass by itself is worth another attempt; credentials and rules do not.
 */
export function proxyRefusal(proxy: HttpProxy, place: string, status: number): ExportError {
  const attempted = `cannot reach ${place} through the proxy ${proxy.shown}`;
  switch (status) {
    case 407:
      return new ExportError(
        "unauthenticated",
        proxy.authorization === undefined
          ? `${attempted}: it asks for credentials (407); put user and password into its URL`
          : `${attempted}: it does not accept our credentials (407); check user and password in its URL`,
      );
    case 403:
      return new ExportError("forbidden", `${attempted}: its rules do not allow this (403); ask who runs it`);
    case 429:
      return new ExportError("overloaded", `${attempted}: it has too much to do (429)`);
    case 502:
    case 503:
    case 504:
    case 500:
    case 408:
      return new ExportError("unavailable", `${attempted}: it does not reach it at the moment (${status})`);
    default:
      return new ExportError(
        "rejected",
        `${attempted}: it refused (${status}); does it make tunnels (CONNECT), and to this port?`,
      );
  }
}

function basic(credentials: string): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(credentials)))}`;
}

/** Undoes the escapes of a URL; a stray % was meant as it is. */
function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
