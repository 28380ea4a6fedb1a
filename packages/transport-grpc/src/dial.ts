import type { Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { HttpProxy } from "@otlpkit/core";
import type { ClientTls, FilledOptions } from "./options.ts";
import type { Target } from "./target.ts";
import { agreedTls, followed, secureContext } from "./tls.ts";
import { openTunnel } from "./tunnel.ts";

/**
 * Opens a socket to the target. Straight ones are there at once, still connecting, so that whoever dialled is listening
 * before anything can go wrong; those through a proxy later. When `over` aborts, nobody wants it any more.
 */
export type Dial = (over: AbortSignal) => Socket | Promise<Socket>;

/**
 * The way to a target: over a Unix socket, straight, or through a proxy; with TLS and the promise to speak HTTP/2 when it
 * is to be secure.
 *
 * @throws ExportError "rejected", at once, when the certificates cannot be used.
 */
export function dialTo(target: Target, { tls, proxy }: FilledOptions): Dial {
  const net = process.getBuiltinModule("node:net");
  const { socketPath, host, port } = target;
  if (socketPath !== undefined) return () => net.connect({ path: socketPath });
  const proxyTrust = followed(tls, (now) => (proxy?.secure === true ? trustOfProxy(now) : {}));
  const tunnel = async (by: HttpProxy, over: AbortSignal): Promise<Socket> =>
    lively(await openTunnel(by, target, proxyTrust(), over));
  if (!target.tls) {
    return (over) => (proxy === undefined ? lively(net.connect({ host, port })) : tunnel(proxy, over));
  }

  const { connect } = process.getBuiltinModule("node:tls");
  const options = followed(tls, (now): ConnectionOptions => {
    // An IP address is nothing to ask for by name (RFC 6066), but the certificate is checked against it all the same.
    const name = now.serverName ?? (net.isIP(host) === 0 ? host : undefined);
    return { ...trustOf(now), ...(name === undefined ? {} : { servername: name }), ALPNProtocols: ["h2"], host, port };
  });
  const secured = (socket: TLSSocket): TLSSocket =>
    socket.once("secureConnect", () => tls.current.onSecure?.(agreedTls(socket)));
  return (over) =>
    proxy === undefined
      ? lively(secured(connect(options())))
      : tunnel(proxy, over).then((socket) => secured(connect({ ...options(), socket })));
}

/** The kernel's own probes cost nobody anything, and find a dead peer on a connection that is not used. */
function lively<S extends Socket>(socket: S): S {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  return socket;
}

function trustOf(tls: ClientTls): ConnectionOptions {
  const { checkServerIdentity, insecureSkipVerify } = tls;
  return {
    secureContext: secureContext(tls),
    rejectUnauthorized: insecureSkipVerify !== true,
    ...(checkServerIdentity === undefined ? {} : { checkServerIdentity }),
  };
}

/** Our certificate, and the name to expect, are for the endpoint only. */
function trustOfProxy({ ca, insecureSkipVerify = false }: ClientTls): ConnectionOptions {
  return trustOf({ ...(ca === undefined ? {} : { ca }), insecureSkipVerify });
}
