import { randomInt } from "node:crypto";
import type { AddressInfo, Server, Socket } from "node:net";
import type { SecureServerOptions } from "node:http2";
import { createServer } from "node:net";
import type { BackendTls } from "./backend.ts";
import { testAuthority, testServer } from "./certificates.ts";

/** The connections of a server that listens on loopback. */
export interface Listener {
  /** Which connection this is: 1, 2, ... */
  numberOf(socket: Socket): number;
  readonly url: string;
  readonly port: number;
  readonly openConnections: number;
  readonly totalConnections: number;
  dropConnections(): void;
  close(): Promise<void>;
}

/** Opens the port and keeps count of connections, so that closing leaves nothing behind. */
export async function listening(server: Server, secure: boolean, wantedPort = 0): Promise<Listener> {
  const open = new Set<Socket>();
  const numbers = new WeakMap<Socket, number>();
  let total = 0;
  const note = (socket: Socket): void => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => {
      // A client may go as it likes; the backend must not fall over.
    });
  };
  const count = (socket: Socket): void => void numbers.set(socket, ++total);
  server.on("connection", note);
  server.on(secure ? "secureConnection" : "connection", count);
  server.on("tlsClientError", () => {
    // A handshake that fails is the client's to report.
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wantedPort, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const dropConnections = (): void => {
    for (const socket of open) socket.destroy();
  };
  let closed: Promise<void> | undefined;
  return {
    numberOf: (socket) => numbers.get(socket) ?? 0,
    url: `${secure ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    get openConnections() {
      return open.size;
    },
    get totalConnections() {
      return total;
    },
    dropConnections,
    close: () =>
      (closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        dropConnections();
      })),
  };
}

export function tlsOptions(tls: boolean | BackendTls | undefined): SecureServerOptions {
  const { certificate = testServer, requireClientCertificate = false } = typeof tls === "object" ? tls : {};
  return {
    cert: certificate.cert,
    key: certificate.key,
    ca: testAuthority,
    requestCert: requireClientCertificate,
    rejectUnauthorized: requireClientCertificate,
  };
}

/**
 * A port of 127.0.0.1 on which nobody listens at the moment, for backends that come up later. Below the ports that
 * systems give out by themselves, or a connection or a listener of another test would take it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = randomInt(10_000, 32_000);
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    return port;
  }
}
