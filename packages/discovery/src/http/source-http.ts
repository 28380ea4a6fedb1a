import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { ExportError } from "@otlpkit/core";
import type { Time } from "../time.ts";
import { networkError, statusError } from "./errors.ts";
import { readWhole } from "./read.ts";
import { placeOfSource } from "./source-place.ts";
import { type SourceTls, tlsOf } from "./tls.ts";

/** Options of {@link sourceHttp}. */
export interface SourceHttpOptions {
  /** Names the source in messages: "consul". */
  readonly name: string;
  /** Where it is: `http://host:8500`, `https://host/base`, `unix:///run/consul.sock`. Paths of requests come after it. */
  readonly url: string;
  /** Asked before each request, so that certificates can be renewed. */
  readonly tls?: SourceTls | (() => SourceTls);
  /** Time for one whole answer. Default 10,000. */
  readonly timeoutMs?: number;
  /** The largest body that is read, decompressed. Default 16 MiB. */
  readonly maxBytes?: number;
  /**
   * Send secrets over connections that anybody in between can read. Default false; connections within the machine
   * (127.0.0.0/8, ::1, localhost, Unix sockets) need no such leave.
   */
  readonly allowCleartext?: boolean;
}

/** One question to a source. */
export interface SourceRequest {
  /** Default "GET". */
  readonly method?: "GET" | "PUT" | "POST" | "DELETE" | "PATCH";
  /** With its query, encoded: "/v1/health/service/otlp?passing=1". */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers with tokens and passwords: not sent in clear to other machines, and never in messages. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** The body is a secret as well. Default false. */
  readonly confidential?: boolean;
  /** In place of the option. `Infinity`: none. */
  readonly timeoutMs?: number;
  /** A question whose answer is awaited for minutes: it keeps no process alive. Default false. */
  readonly waiting?: boolean;
  readonly signal: AbortSignal;
}

/** A whole answer, whatever its status. */
export interface SourceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** The body as JSON. Throws {@link ExportError} "bad-response" for what is none. */
  json(): unknown;
  /** The answer is not the one hoped for: an error that says so, with the pause that it asks for. */
  error(): ExportError;
}

/** An answer that goes on. */
export interface SourceStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Ends when the source ends it, fails when it is cut. Leaving the loop closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** As {@link SourceAnswer.error}. */
  error(): ExportError;
}

/** An HTTP client for registries: connections of its own, which `close` ends. */
export interface SourceHttp {
  /** Sends, and reads the whole answer. Throws {@link ExportError} when none came: "unavailable", "timeout", "cancelled". */
  ask(request: SourceRequest): Promise<SourceAnswer>;
  /** Sends, and gives the answer as it comes. `timeoutMs` is for its beginning. */
  open(request: SourceRequest): Promise<SourceStream>;
  /** Ends all connections. */
  close(): void;
}

/**
 * Opens no connection before the first question. Redirections are not followed: a registry that leads elsewhere would get
 * our tokens carried there.
 *
 * @throws ExportError "rejected" when the URL is none.
 */
export function sourceHttp(options: SourceHttpOptions, time: Time): SourceHttp {
  const { name, timeoutMs = 10_000, maxBytes = 16 << 20, allowCleartext = false } = options;
  const place = placeOfSource(name, options.url);
  const http = process.getBuiltinModule(place.secure ? "node:https" : "node:http");
  const agent = new http.Agent({ keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 2 });

  function begin(request: SourceRequest, compressed: boolean): Begun {
    const { method = "GET", headers = {}, secrets = {}, json, confidential = false } = request;
    const isSecret = confidential || Object.keys(secrets).length > 0;
    if (!place.private && !allowCleartext && isSecret) {
      throw new ExportError(
        "rejected",
        `the credentials for ${name} are not sent to ${place.shown} in clear, where anybody in between can read them; use ` +
          "https://, or allow it with allowCleartext if the network is trusted",
      );
    }
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
    const tls = typeof options.tls === "function" ? options.tls() : options.tls;
    const all: RequestOptions = {
      ...place.where,
      ...(place.secure && tls !== undefined ? tlsOf(tls) : {}),
      agent,
      method,
      path: place.base + request.path,
      headers: {
        accept: "application/json",
        ...(compressed ? { "accept-encoding": "gzip" } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json", "content-length": body.byteLength }),
        ...headers,
        ...secrets,
      },
    };
    // What is asked, without its query: filters and names of tenants are nobody's business in a log.
    const attempted = `cannot ask ${name} at ${place.shown}${request.path.replace(/\?.*$/, "")}`;
    return { attempted, start: () => http.request(all), body };
  }

  async function answered(request: SourceRequest, compressed: boolean): Promise<Answered> {
    const { attempted, start, body } = begin(request, compressed);
    for (let attempt = 1; ; attempt++) {
      const exchange = new AbortController();
      const fail = (error: ExportError): void => exchange.abort(error);
      const onAbort = (): void => fail(new ExportError("cancelled", `${attempted}: it was given up`));
      if (request.signal.aborted) onAbort();
      request.signal.addEventListener("abort", onAbort, { once: true });
      const limitMs = request.timeoutMs ?? timeoutMs;
      const cancelTimer =
        limitMs === Infinity
          ? (): void => {}
          : time.setTimer(
              () => fail(new ExportError("timeout", `${attempted}: no answer within ${limitMs} ms`)),
              limitMs,
            );
      const end = (): void => {
        cancelTimer();
        request.signal.removeEventListener("abort", onAbort);
      };
      let sent: ClientRequest | undefined;
      try {
        exchange.signal.throwIfAborted();
        sent = start();
        const message = await responseOf(sent, body, request.waiting === true, exchange.signal);
        return { message, attempted, over: exchange.signal, cancelTimer, end };
      } catch (cause) {
        end();
        const error = networkError(exchange.signal.aborted ? exchange.signal.reason : cause, attempted);
        // A connection that was kept was being closed as we wrote: the question never arrived. Once, on a new one.
        const wasClosing = sent?.reusedSocket === true && (cause as NodeJS.ErrnoException).code === "ECONNRESET";
        if (!wasClosing || attempt > 1 || exchange.signal.aborted) throw error;
      }
    }
  }

  return {
    async ask(request) {
      const { message, attempted, over, end } = await answered(request, true);
      try {
        const text = await readWhole(message, maxBytes, over);
        return { ...headOf(message, attempted), text, json: () => parsed(text, attempted) };
      } catch (cause) {
        throw networkError(over.aborted ? over.reason : cause, attempted);
      } finally {
        message.destroy(message.complete ? undefined : new Error("not read to its end"));
        end();
      }
    },
    async open(request) {
      const { message, attempted, over, cancelTimer, end } = await answered(request, false);
      cancelTimer();
      return { ...headOf(message, attempted), body: pieces(message, attempted, over, end) };
    },
    close: () => agent.destroy(),
  };
}

interface Begun {
  readonly attempted: string;
  readonly start: () => ClientRequest;
  readonly body: Buffer | undefined;
}

interface Answered {
  readonly message: IncomingMessage;
  readonly attempted: string;
  /** Aborted when time is up or the caller gives up; its reason is the error. */
  readonly over: AbortSignal;
  readonly cancelTimer: () => void;
  readonly end: () => void;
}

function responseOf(
  sent: ClientRequest,
  body: Buffer | undefined,
  waiting: boolean,
  over: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => void sent.destroy(over.reason as Error);
    over.addEventListener("abort", giveUp, { once: true });
    sent.on("error", reject);
    sent.once("response", (message) => {
      // What comes later is the message's to tell; it must not be an uncaught error of the request.
      message.on("error", () => {});
      resolve(message);
    });
    if (waiting) sent.once("socket", (socket) => socket.unref());
    sent.end(body);
  });
}

function headOf(message: IncomingMessage, attempted: string): Pick<SourceStream, "status" | "headers" | "error"> {
  const status = message.statusCode ?? 0;
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
  return { status, headers, error: () => statusError(status, headers["retry-after"], attempted) };
}

async function* pieces(
  message: IncomingMessage,
  attempted: string,
  over: AbortSignal,
  end: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const piece of message) yield piece as Uint8Array;
  } catch (cause) {
    throw networkError(over.aborted ? over.reason : cause, attempted);
  } finally {
    message.destroy();
    end();
  }
}

function parsed(text: string, attempted: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause, whose message quotes the text.
    throw new ExportError("bad-response", `${attempted}: the answer is no JSON`, { retryable: true });
  }
}
