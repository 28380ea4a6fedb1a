import { checkAddress } from "./check-address.ts";
import type { HealthCheck } from "./health-check.ts";

/** Options of {@link tcpCheck}. */
export interface TcpCheckOptions {
  /** Another port than the endpoint's. */
  readonly port?: number;
}

/** Well is who takes a connection, over TCP or a Unix socket. It says that something listens, not that it works. */
export function tcpCheck({ port }: TcpCheckOptions = {}): HealthCheck {
  return {
    name: "tcp",
    check: (endpoint, signal) =>
      new Promise((resolve, reject) => {
        const net = process.getBuiltinModule("node:net");
        const address = checkAddress(endpoint, port);
        const socket =
          address.socketPath === undefined
            ? net.connect({ host: address.hostname.replace(/^\[|\]$/g, ""), port: address.port })
            : net.connect({ path: address.socketPath });
        socket.unref();
        const onAbort = (): void => void socket.destroy(signal.reason as Error);
        signal.addEventListener("abort", onAbort, { once: true });
        socket.once("connect", () => {
          socket.destroy();
          resolve();
        });
        socket.on("error", reject);
        socket.once("close", () => signal.removeEventListener("abort", onAbort));
      }),
  };
}
