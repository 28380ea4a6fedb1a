import { ExportError, type ExportErrorCode } from "@otlpkit/core";

const explanations: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there; is it running?",
  ECONNRESET: "the connection was cut",
  ENOTFOUND: "the name is not known; is it written right?",
  EAI_AGAIN: "the name could not be looked up just now",
  ENOENT: "there is no such socket; is it running?",
  EACCES: "this process may not use that socket",
  EPROTO: "it does not speak TLS; is the scheme of the URL right?",
};

/** An error below HTTP: no whole answer came. */
export function networkError(cause: unknown, attempted: string): ExportError {
  if (ExportError.is(cause)) return cause;
  const error = cause as NodeJS.ErrnoException;
  const inner = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : undefined;
  const code = error.code ?? inner?.code ?? error.name;
  const why = explanations[code] ?? error.message;
  if (code.startsWith("HPE_")) {
    return new ExportError("bad-response", `${attempted}: what came is no HTTP (${code})`, { cause, retryable: true });
  }
  return new ExportError("unavailable", `${attempted} (${code}): ${why}`, { cause });
}

const codes: Readonly<Record<number, ExportErrorCode>> = {
  400: "invalid",
  401: "unauthenticated",
  403: "forbidden",
  404: "unsupported",
  408: "timeout",
  413: "too-large",
  429: "overloaded",
  503: "unavailable",
};

/**
 * An answer with a status that is none of those hoped for. The body is not in the message, since a source may repeat what
 * it was sent, tokens too.
 */
export function statusError(status: number, retryAfter: string | undefined, attempted: string): ExportError {
  const code = codes[status] ?? (status >= 500 ? "unavailable" : "rejected");
  const advice =
    status >= 300 && status < 400 ? "; it leads elsewhere, which is not followed: is the URL the right one?" : "";
  const seconds = retryAfter === undefined || !/^\d{1,6}$/.test(retryAfter.trim()) ? 0 : Number(retryAfter);
  return new ExportError(code, `${attempted}: the answer is ${status}${advice}`, { retryAfterMs: seconds * 1000 });
}
