import type { Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { ExportError, type HttpProxy, proxyRefusal } from "@otlpkit/core";
import { proxyNotReached } from "./network-error.ts";

/** A tunnel through a proxy. */
export interface TunnelSettings {
  readonly proxy: HttpProxy;
  /** For a proxy that is spoken to over TLS. */
  readonly tls: ConnectionOptions;
  readonly host: string;
  readonly port: number;
  /** Aborted when it takes too long, or nobody waits for it any more. */
  readonly over: AbortSignal;
}

/**
 * Has the proxy make a connection to `host` and `port` (CONNECT, RFC 9110 section 9.3.6), and resolves with it.
 *
 * @throws ExportError as `proxyRefusal` says, or "unavailable" when the proxy is not reached.
 */
export function openTunnel({ proxy, tls, host, port, over }: TunnelSettings): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const place = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const { request } = process.getBuiltinModule(proxy.secure ? "node:https" : "node:http");
    const asked = request({
      ...tls,
      agent: false,
      method: "CONNECT",
      host: proxy.host,
      port: proxy.port,
      path: place,
      headers: {
        host: place,
        ...(proxy.authorization === undefined ? {} : { "proxy-authorization": proxy.authorization }),
      },
    });
    const giveUp = (): void => void asked.destroy(over.reason as Error);
    const end = (): void => over.removeEventListener("abort", giveUp);
    over.addEventListener("abort", giveUp, { once: true });
    asked.once("connect", ({ statusCode = 0 }, socket, head) => {
      end();
      // What is the matter with it is said by the stream that goes through it; unheard it would end the process.
      socket.on("error", () => {});
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        reject(proxyRefusal(proxy, place, statusCode));
        return;
      }
      // The far side may have spoken already.
      if (head.byteLength > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once("error", (error) => {
      end();
      reject(ExportError.is(error) ? error : proxyNotReached(error, proxy, place));
    });
    asked.end();
  });
}

/** Speaks TLS over a connection that is there; resolves when the far side is known to be who it should be. */
export function securely(socket: Socket, tls: ConnectionOptions, over: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = process.getBuiltinModule("node:tls").connect({ ...tls, socket });
    const giveUp = (): void => void secured.destroy(over.reason as Error);
    over.addEventListener("abort", giveUp, { once: true });
    const closed = (): void => failed(Object.assign(new Error("the tunnel was closed"), { code: "ECONNRESET" }));
    const failed = (error: Error): void => {
      end();
      reject(error);
    };
    const end = (): void => {
      secured.off("error", failed).off("close", closed);
      over.removeEventListener("abort", giveUp);
    };
    secured.once("error", failed);
    secured.once("close", closed);
    secured.once("secureConnect", () => {
      end();
      resolve(secured);
    });
  });
}
