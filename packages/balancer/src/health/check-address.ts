import type { Endpoint } from "@otlpkit/core";
import type { ConnectionOptions } from "node:tls";

/** What a check needs to speak TLS: options of `tls.connect`, such as `ca`, `cert`, `key`, `servername`. */
export type CheckTls = Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;

/** Where a check goes. */
export interface CheckAddress {
  readonly tls: boolean;
  /** As in a URL: with brackets around an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** A Unix socket; then host and port mean nothing. */
  readonly socketPath?: string;
}

/** Reads an endpoint's URL, with another port if there is one. `host:port` without a scheme is plain. */
export function checkAddress({ url }: Endpoint, port?: number): CheckAddress {
  if (url.startsWith("unix:")) {
    return { tls: false, hostname: "localhost", port: 0, socketPath: url.slice(5).replace(/^\/\/(?=\/)/, "") };
  }
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`;
  if (!URL.canParse(full))
    throw new Error(`cannot check an endpoint whose URL is not understood; use http://host:port`);
  const { protocol, hostname, port: named } = new URL(full);
  const tls = protocol === "https:";
  return { tls, hostname, port: port ?? (named === "" ? (tls ? 443 : 80) : Number(named)) };
}
