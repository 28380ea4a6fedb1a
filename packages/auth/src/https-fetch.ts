import type { IncomingMessage } from "node:http";
import { ExportError, type Live } from "@otlpkit/core";

/** How to talk to a server that gives out tokens or keys. */
export interface HttpsOptions {
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string | undefined;
  /** Our certificate and its key, PEM, for servers that ask for one (RFC 8705). */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The same three where they may change (`tlsFiles` of `@otlpkit/auth/tls`); what they have goes before. */
  readonly files?: Live<Pick<HttpsOptions, "ca" | "cert" | "key">> | undefined;
  /** The longest wait for a whole answer, in ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** No answer is longer than this. Default 64 KiB: tokens and keys are small. */
  readonly maxBytes?: number | undefined;
  /** Lets the URL be `http:` to another machine. Default false: only loopback may be asked in clear. */
  readonly allowCleartext?: boolean | undefined;
}

/** As much of `fetch` as the libraries for OAuth 2.0 and JOSE use. */
export type HttpsFetch = (url: string, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` for credentials: TLS with authorities and a certificate of one's own, no redirects, one time limit for the
 * whole, a bound on what is read. Nothing of a body gets into an error, nor of a URL's user and query.
 *
 * @throws ExportError "rejected", when called, for URLs that would send secrets in clear; "unavailable" and "timeout" when
 *   there is no answer; "bad-response" for one that is too long
 */
export function httpsFetch(options: HttpsOptions = {}): HttpsFetch {
  const { ca, cert, key, files, timeoutMs = 10_000, maxBytes = 64 * 1024, allowCleartext = false } = options;
  return async (text, init = {}) => {
    const url = safeUrl(text, allowCleartext);
    const place = url.origin + url.pathname;
    const secure = url.protocol === "https:";
    const { request } = secure ? process.getBuiltinModule("node:https") : process.getBuiltinModule("node:http");
    const signals = [AbortSignal.timeout(timeoutMs), ...(init.signal ? [init.signal] : [])];
    const body = textOf(init.body);
    const headers = Object.fromEntries(new Headers(init.headers));

    return new Promise<Response>((resolve, reject) => {
      const fail = (cause: Error): void => reject(failure(place, cause, signals[0]!.aborted, timeoutMs));
      const sent = request(
        url,
        {
          method: init.method ?? "GET",
          headers: { ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
          signal: AbortSignal.any(signals),
          agent: false,
          ...(secure ? { ca, cert, key, ...files?.current } : {}),
        },
        (answer) => {
          const chunks: Buffer[] = [];
          let length = 0;
          answer.on("data", (chunk: Buffer) => {
            length += chunk.length;
            if (length <= maxBytes) chunks.push(chunk);
            else answer.destroy(new Unusable(`the answer is longer than ${maxBytes} bytes`));
          });
          answer.on("error", fail);
          answer.on("end", () => {
            try {
              resolve(responseOf(answer, Buffer.concat(chunks)));
            } catch {
              // Thrown in here it would end the process; and what was thrown may quote what was answered.
              fail(new Unusable(`its status is ${answer.statusCode}, or its headers are none`));
            }
          });
        },
      );
      sent.on("error", fail);
      // The last word, when there was no other: an answer that switches protocols ends without an error.
      sent.on("close", () => fail(new Unusable("it is no answer to a request")));
      sent.end(body);
    });
  };
}

/** Of the kinds of bodies that there are, those that a form or a text is. */
function textOf(body: RequestInit["body"]): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("only texts and forms can be sent");
}

/** An answer that is there, and of no use. The message quotes nothing of it. */
class Unusable extends Error {}

function responseOf({ statusCode: status = 0, headers }: IncomingMessage, body: Buffer<ArrayBuffer>): Response {
  const bodyless = status === 204 || status === 205 || status === 304;
  return new Response(bodyless ? null : body, { status, headers: headersOf(headers) });
}

function headersOf(headers: NodeJS.Dict<string | string[]>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value = ""]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  );
}

function failure(place: string, cause: Error, late: boolean, timeoutMs: number): ExportError {
  if (late) return new ExportError("timeout", `${place} did not answer within ${timeoutMs} ms`);
  if (cause instanceof Unusable) {
    return new ExportError("bad-response", `cannot use what ${place} says: ${cause.message}`, { retryable: true });
  }
  const { code = cause.name } = cause as NodeJS.ErrnoException;
  // Not the error itself: Node's parser puts the bytes that it could not read into it.
  return new ExportError("unavailable", `cannot reach ${place} (${code})`, { cause: new Error(cause.message) });
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u;

/**
 * An URL that credentials may be sent to.
 *
 * @throws ExportError "rejected" for what is none, and for one in clear that is not on this machine
 */
export function safeUrl(text: string, allowCleartext = false): URL {
  // What `new URL` throws holds all of the text.
  if (!URL.canParse(text)) throw new ExportError("rejected", "the place to ask is no URL; write https://HOST/PATH");
  const url = new URL(text);
  const { protocol, hostname, origin } = url;
  if (protocol === "https:") return url;
  if (protocol === "http:" && (allowCleartext || loopback.test(hostname))) return url;
  throw new ExportError(
    "rejected",
    `credentials are not sent to ${origin} in clear, where anybody in between can read them; use https://, or allow it with allowCleartext`,
  );
}
