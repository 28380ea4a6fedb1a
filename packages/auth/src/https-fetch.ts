import { ExportError } from "@otlpkit/core";

/** How to talk to a server that gives out tokens or keys. */
export interface HttpsOptions {
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string | undefined;
  /** Our certificate and its key, PEM, for servers that ask for one (RFC 8705). */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
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
 * whole, a bound on what is read. Nothing of a body gets into an error.
 *
 * @throws ExportError "rejected", when called, for URLs that would send secrets in clear; "unavailable" and "timeout" when
 *   there is no answer; "bad-response" for one that is too long
 */
export function httpsFetch(options: HttpsOptions = {}): HttpsFetch {
  const { ca, cert, key, timeoutMs = 10_000, maxBytes = 64 * 1024, allowCleartext = false } = options;
  return async (text, init = {}) => {
    const url = new URL(text);
    requireSafe(url, allowCleartext);
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
          ...(secure ? { ca, cert, key } : {}),
        },
        (answer) => {
          const chunks: Buffer[] = [];
          let length = 0;
          answer.on("data", (chunk: Buffer) => {
            length += chunk.length;
            if (length <= maxBytes) chunks.push(chunk);
            else answer.destroy(new TooLong(`the answer is longer than ${maxBytes} bytes`));
          });
          answer.on("error", fail);
          answer.on("end", () => {
            const status = answer.statusCode ?? 0;
            const bodyless = status === 204 || status === 304;
            resolve(
              new Response(bodyless ? null : Buffer.concat(chunks), { status, headers: headersOf(answer.headers) }),
            );
          });
        },
      );
      sent.on("error", fail);
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

class TooLong extends Error {}

function headersOf(headers: NodeJS.Dict<string | string[]>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value = ""]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  );
}

function failure(place: string, cause: Error, late: boolean, timeoutMs: number): ExportError {
  if (late) return new ExportError("timeout", `${place} did not answer within ${timeoutMs} ms`, { cause });
  if (cause instanceof TooLong)
    return new ExportError("bad-response", `cannot use what ${place} says: ${cause.message}`);
  const { code = cause.name } = cause as NodeJS.ErrnoException;
  return new ExportError("unavailable", `cannot reach ${place} (${code})`, { cause });
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u;

function requireSafe({ protocol, hostname, origin }: URL, allowCleartext: boolean): void {
  if (protocol === "https:") return;
  if (protocol === "http:" && (allowCleartext || loopback.test(hostname))) return;
  throw new ExportError(
    "rejected",
    `credentials are not sent to ${origin} in clear, where anybody in between can read them; use https://, or allow it with allowCleartext`,
  );
}
