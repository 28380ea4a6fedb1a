import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { ExportError } from "@otlpkit/core";
import type { Dial } from "./dial.ts";
import { enhanceYourCalm } from "./error-codes.ts";
import type { Target } from "./target.ts";
import { sessionWindowBytes, streamWindowBytes } from "./windows.ts";

/**
 * Opens an HTTP/2 session and resolves when the far side has sent its SETTINGS, the first thing it must say: from then
 * on its limit of streams is known, and that it speaks HTTP/2 at all. `givenUp` aborts when nobody waits for it any more.
 *
 * @throws ExportError "unavailable" with what was found instead, or what a proxy on the way says.
 */
export async function openSession(
  target: Target,
  dial: Dial,
  connectTimeoutMs: number,
  givenUp: AbortSignal,
): Promise<ClientHttp2Session> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(Object.assign(new Error(`no answer within ${connectTimeoutMs} ms`), { code: "ETIMEDOUT" }));
  }, connectTimeoutMs);
  const over = AbortSignal.any([givenUp, late.signal]);
  try {
    const dialled = dial(over);
    return await begin(target, dialled instanceof Promise ? await dialled : dialled, over);
  } finally {
    clearTimeout(timer);
  }
}

/** Our own socket and not one that the session makes: after some TLS alerts a session neither reports nor closes. */
function begin(target: Target, socket: Socket, over: AbortSignal): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    let connected = false;
    let trouble: Error | undefined;
    const session = process
      .getBuiltinModule("node:http2")
      .connect(`${target.tls ? "https" : "http"}://${target.authority}`, {
        createConnection: () => socket,
        settings: { initialWindowSize: streamWindowBytes, enablePush: false },
        // In MB. It counts what waits to be written; a request may have the full 64 MiB, and several may be under way.
        // What we hold is bounded by those who hand it to us.
        maxSessionMemory: 65_536,
      });
    const giveUp = (): void => onTrouble(over.reason as Error);
    session.once("connect", () => {
      connected = true;
      session.setLocalWindowSize(sessionWindowBytes);
    });
    session.once("remoteSettings", () => {
      over.removeEventListener("abort", giveUp);
      resolve(session);
    });
    // Both stay for good: an "error" nobody listens to would end the process.
    session.on("error", onTrouble);
    socket.on("error", onTrouble);
    session.once("close", onClose);
    socket.once("close", onClose);
    over.addEventListener("abort", giveUp);
    if (over.aborted) giveUp();

    function onTrouble(error: Error): void {
      trouble ??= error;
      socket.destroy();
    }
    function onClose(): void {
      over.removeEventListener("abort", giveUp);
      reject(cannotConnect(target, connected, trouble));
    }
  });
}

function cannotConnect(target: Target, connected: boolean, trouble: Error | undefined): ExportError {
  const code = trouble !== undefined && "code" in trouble ? String(trouble.code) : "";
  const reason = trouble === undefined ? "closed" : code === "" ? trouble.message : code;
  return new ExportError("unavailable", `cannot reach ${target.address} for gRPC (${reason}); ${advice()}`, {
    cause: trouble,
  });

  function advice(): string {
    if (trouble === undefined || (connected && code === "ECONNRESET")) {
      return target.tls
        ? "the connection was closed before HTTP/2 began: is a client certificate needed, was ours refused (tls.cert), and does the port speak HTTP/2?"
        : "the connection was closed before HTTP/2 began: does the port expect TLS (https://)?";
    }
    // The preface was answered by something that is no HTTP/2 frame. Read as one by gRPC libraries it is the famous
    // "larger than max (1752460652 …)", which is "http" in ASCII.
    if (connected && code === "ERR_HTTP2_ERROR") {
      return "what answers does not speak HTTP/2: is it the OTLP/HTTP port (4318) instead of the gRPC port (4317)?";
    }
    if (/WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) {
      return "the port does not speak TLS: use http:// (or the option insecure) for a plain connection";
    }
    if (code.includes("_ALERT_")) return "it refuses our certificate, or asks for one: tls.cert and tls.key";
    if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
      return "its certificate is not trusted: give its authority as tls.ca, and its name as tls.serverName if it differs";
    }
    if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "is the host name right?";
    return "is the endpoint up and listening for gRPC there?";
  }
}

/** Why a session that had been open is gone, for the calls it took along. */
export function connectionLost(target: Target, goawayCode: number | undefined, cause: Error | undefined): ExportError {
  const calm = goawayCode === enhanceYourCalm;
  return new ExportError(
    calm ? "overloaded" : "unavailable",
    `the connection to ${target.address} was closed before the answer${
      goawayCode === undefined || goawayCode === 0 ? "" : ` (GOAWAY with code ${goawayCode})`
    }${calm ? "; it asks to be called less often" : "; sending again is safe, OTLP allows repeats"}`,
    { cause },
  );
}
