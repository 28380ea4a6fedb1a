import type { Server } from "node:http";
import type { Socket } from "node:net";
import { ExportError } from "@otlpkit/core";

/** Where a server listens. */
export interface Place {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly reusePort?: boolean;
}

/** Opens the door and says where it is: "127.0.0.1:4318", "[::1]:4318", "unix:/run/otlp.sock". */
export async function openAt(server: Server, place: Place): Promise<string> {
  const { host = "127.0.0.1", port = 4318, path, reusePort = false } = place;
  try {
    if (path === undefined) await listening(server, { host, port, ...(reusePort ? { reusePort } : {}) });
    else await listenOnSocket(server, path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const wanted = path === undefined ? `${host}:${port}` : `unix:${path}`;
    const advice = code === "EADDRINUSE" ? "does another process listen there?" : "may this process listen there?";
    throw new ExportError("unavailable", `cannot listen on ${wanted} (${code}); ${advice}`, { cause });
  }
  const address = server.address();
  if (address === null || typeof address === "string") return `unix:${path}`;
  return `${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}

function listening(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      // Accepting may fail now and then, for want of file descriptors for instance; the door stays open.
      server.on("error", () => {});
      resolve();
    });
  });
}

/** A process that was killed leaves its socket behind, and nobody can listen there until it is gone. */
async function listenOnSocket(server: Server, path: string): Promise<void> {
  try {
    await listening(server, { path });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || (await isAlive(path))) throw error;
    process.getBuiltinModule("node:fs").unlinkSync(path);
    await listening(server, { path });
  }
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = process.getBuiltinModule("node:net").connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Anything but a refusal leaves it open whether somebody is there, and then it is not ours to remove.
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}

/** The open connections of a server, from the first byte on; Node itself counts them from their first request. */
export function connectionsOf(server: Server): ReadonlySet<Socket> {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  return connections;
}

/** Stops listening, waits `graceMs` for answers that are owed, and cuts what is left. */
export function closeGently(server: Server, connections: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = (): void => {
      for (const socket of connections) socket.destroy();
    };
    // Connections fall idle one by one as they are answered, and Node tells nobody.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const patience = setTimeout(cut, graceMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(patience);
      resolve();
    });
    server.closeIdleConnections();
    // Opened and not used yet.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  });
}
