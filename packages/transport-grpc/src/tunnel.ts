import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { ExportError, type HttpProxy, proxyRefusal } from "@otlpkit/core";
import type { Target } from "./target.ts";

/**
 * Has the proxy make a connection to the target (CONNECT, RFC 9110 section 9.3.6), and resolves with it. `over` is aborted
 * when it takes too long, or nobody waits for it any more; `tls` is for a proxy that is spoken to over TLS.
 *
 * @throws ExportError as `proxyRefusal` says, or "unavailable" when the proxy is not reached.
 */
export function openTunnel(
  proxy: HttpProxy,
  target: Target,
  tls: ConnectionOptions,
  over: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { request } = process.getBuiltinModule(proxy.secure ? "node:https" : "node:http");
    const asked = request({
      ...tls,
      agent: false,
      method: "CONNECT",
      host: proxy.host,
      port: proxy.port,
      path: target.authority,
      headers: {
        host: target.authority,
        ...(proxy.authorization === undefined ? {} : { "proxy-authorization": proxy.authorization }),
      },
    });
    const giveUp = (): void => void asked.destroy(over.reason as Error);
    const end = (): void => over.removeEventListener("abort", giveUp);
    over.addEventListener("abort", giveUp, { once: true });
    asked.once("connect", ({ statusCode = 0 }, socket, head) => {
      end();
      // What is the matter with it is said by the session that goes through it; unheard it would end the process.
      socket.on("error", () => {});
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        reject(proxyRefusal(proxy, target.address, statusCode));
        return;
      }
      // An HTTP/2 server speaks at once.
      if (head.byteLength > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once("error", (error) => {
      end();
      reject(notReached(error, proxy, target));
    });
    asked.end();
  });
}

function notReached(error: NodeJS.ErrnoException, proxy: HttpProxy, target: Target): ExportError {
  const code = error.code ?? error.message;
  return new ExportError(
    "unavailable",
    `cannot reach ${target.address} through the proxy ${proxy.shown} (${code}); ${advice()}`,
    { cause: error },
  );

  function advice(): string {
    if (/WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) {
      return "the proxy does not speak TLS: use http:// for it";
    }
    if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
      return "its certificate is not trusted: give its authority as tls.ca";
    }
    if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "is the name of the proxy right?";
    return "is the proxy up and listening there?";
  }
}
