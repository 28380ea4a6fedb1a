import type { ClientRequest } from "node:http";
import type { TLSSocket } from "node:tls";
import { ExportError, type HttpProxy, type Live, proxyRefusal } from "@otlpkit/core";
import type { Answer } from "./answer.ts";
import { cancelled, notConnected, timedOut } from "./interruptions.ts";
import { networkError, proxyNotReached } from "./network-error.ts";
import type { Poster, PostRequest } from "./otlp-sender.ts";
import { type AnswerLimits, readAnswer } from "./read-answer.ts";
import { shown } from "./request-url.ts";
import { agreedTls, type TlsOptions } from "./tls.ts";
import { type Turns, turns } from "./turns.ts";
import { type Attempt, type Way, type WaySettings, wayTo } from "./way.ts";

export interface NodePosterSettings extends Omit<WaySettings, "tls">, AnswerLimits {
  readonly maxConnections: number;
  readonly tls: Live<TlsOptions>;
}

/** Posts through `node:http` with connections of its own. */
export function nodePoster(settings: NodePosterSettings): Poster {
  const { maxConnections, proxy, secure } = settings;
  let way = wayTo({ ...settings, tls: settings.tls.current });
  // What is new is for new connections; those that are idle go, and those in use when they are idle.
  const forget = settings.tls.onChange(() => {
    const before = way;
    way = wayTo({ ...settings, tls: settings.tls.current });
    before.retire();
  });
  // Not left to the agent, which does not count connections that take a while to be made, as tunnels do.
  const connections = turns(maxConnections);
  // Makes our requests in our place, so its failures look like those of the endpoint.
  const forwarder = secure ? undefined : proxy;
  const all: ExchangeSettings = { ...settings, forwarder };

  return {
    async post(request) {
      const answer = await exchange(request, way, connections, all);
      if (forwarder !== undefined && answer.status === 407) {
        throw proxyRefusal(forwarder, shown(request.url), answer.status);
      }
      return answer;
    },
    release() {
      forget();
      way.release();
    },
  };
}

interface ExchangeSettings extends NodePosterSettings {
  readonly forwarder: HttpProxy | undefined;
}

/** One request and its answer. Whatever ends it, the timers are gone and the socket is reusable or freed. */
function exchange(
  { url, headers, body, deadline, signal }: PostRequest,
  way: Way,
  connections: Turns,
  settings: ExchangeSettings,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const attempt: Attempt = { abandon() {} };
    let request: ClientRequest | undefined;
    let stopWaiting = (): void => {};
    let settled = false;
    let deadlineTimer: NodeJS.Timeout | undefined;
    let connectTimer: NodeJS.Timeout | undefined;

    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      clearTimeout(deadlineTimer);
      clearTimeout(connectTimer);
      signal?.removeEventListener("abort", abort);
      return true;
    };
    const fail = (error: unknown): void => {
      if (!settle()) return;
      stopWaiting();
      // Its socket goes with it: one that gave no answer is not to be trusted with another request.
      request?.destroy();
      attempt.abandon();
      reject(failureOf(error, url, settings.forwarder));
    };
    const abort = (): void => fail(cancelled(url, signal as AbortSignal));

    signal?.addEventListener("abort", abort);
    if (deadline !== undefined) {
      const remainingMs = Math.min(Math.max(0, deadline - performance.now()), 2 ** 31 - 1);
      deadlineTimer = setTimeout(() => fail(timedOut(url)), remainingMs);
    }
    stopWaiting = connections.enter((leave) => {
      try {
        request = way.open(url, { ...headers, "content-length": String(body.byteLength) }, attempt);
      } catch (cause) {
        leave();
        fail(ExportError.from(cause, `cannot make a request to ${shown(url)}`));
        return;
      }
      // A moment after it is over its socket is free for the next.
      request.on("close", () => queueMicrotask(leave));
      begin(request);
    });

    function begin(opened: ClientRequest): void {
      opened.on("socket", (socket) => {
        if (!socket.connecting) return;
        const late = (): void => fail(notConnected(shown(url), settings.connectTimeoutMs, settings.forwarder));
        connectTimer = setTimeout(late, settings.connectTimeoutMs);
        const { onSecure } = settings.tls.current;
        if (!("encrypted" in socket)) socket.once("connect", () => clearTimeout(connectTimer));
        else
          socket.once("secureConnect", () => {
            clearTimeout(connectTimer);
            if (settings.secure) onSecure?.(agreedTls(socket as TLSSocket));
          });
      });
      // This listener stays for good: a socket may break after the answer is complete, and that concerns nobody (C-23).
      opened.on("error", fail);
      opened.on("response", (response) => {
        readAnswer(response, url, settings).then((answer) => {
          if (settle()) resolve(answer);
          // Answered before it had all of the body, as a 413 may be: it may never read on, so do not wait for that.
          if (!opened.writableFinished) setTimeout(() => opened.writableFinished || opened.destroy(), 1_000).unref();
        }, fail);
      });
      opened.end(body);
    }
  });
}

function failureOf(error: unknown, url: URL, forwarder: HttpProxy | undefined): ExportError {
  if (ExportError.is(error)) return error;
  return forwarder === undefined ? networkError(error, url) : proxyNotReached(error, forwarder, shown(url));
}
