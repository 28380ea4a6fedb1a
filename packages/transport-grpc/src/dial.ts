import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { FilledOptions } from "./options.ts";
import type { Target } from "./target.ts";

// The kernel's own probes cost nobody anything, and find a dead peer on a connection that is not used.
const tcpKeepAlive = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** Starts to open a socket to the target; with TLS and the promise to speak HTTP/2 when it is to be secure. */
export function dial({ socketPath, host, port, tls: secure }: Target, { tls }: FilledOptions): Socket {
  if (socketPath !== undefined) return connectTcp({ path: socketPath });
  if (!secure) return connectTcp({ host, port, ...tcpKeepAlive });
  // An IP address is nothing to ask for by name (RFC 6066), but the certificate is checked against it all the same.
  const name = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  const options: ConnectionOptions = {
    host,
    port,
    ...(name === undefined ? {} : { servername: name }),
    ALPNProtocols: ["h2"],
    rejectUnauthorized: tls.insecureSkipVerify !== true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca as string | Buffer | (string | Buffer)[] }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
  const socket = connectTls(options);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, tcpKeepAlive.keepAliveInitialDelay);
  return socket;
}
