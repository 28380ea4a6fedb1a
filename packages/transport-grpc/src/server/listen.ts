import type { Server } from "node:net";
import { ExportError } from "@otlpkit/core";
import type { FilledReceiverOptions } from "./options.ts";
import { removeStaleSocket } from "./stale-socket.ts";

/** Opens the port or socket and says where. @throws ExportError "unavailable" when it cannot be opened. */
export async function listenOn(
  server: Pick<Server, "listen" | "address" | "on" | "once" | "off">,
  options: Pick<FilledReceiverOptions, "host" | "port" | "path">,
): Promise<string> {
  const { host, port, path } = options;
  if (path !== undefined) await removeStaleSocket(path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    server.listen(path === undefined ? { host, port } : { path });
  }).catch((error: NodeJS.ErrnoException) => {
    throw new ExportError(
      "unavailable",
      `cannot listen for gRPC on ${path === undefined ? `${host}:${port}` : `unix:${path}`} (${error.code ?? error.message}); ` +
        (error.code === "EADDRINUSE"
          ? "is another program, or this one, there already?"
          : "is the address one of this machine?"),
      { cause: error },
    );
  });
  // Trouble with accepting a single connection (too many open files) is no reason to end the process.
  server.on("error", () => {});
  return addressText(server.address(), path);
}

function addressText(address: ReturnType<Server["address"]>, path: string | undefined): string {
  if (path !== undefined || address === null || typeof address === "string") return `unix:${path ?? ""}`;
  return `${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}
