import { ExportError, type HttpProxy } from "@otlpkit/core";
import { shown } from "./request-url.ts";

/** What is known about the system's error codes, for people. */
const explanations: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there; is it running?",
  ENOTFOUND: "the name is not known; is it written right?",
  EAI_AGAIN: "the name could not be looked up just now",
  ENETUNREACH: "there is no route to it",
  EHOSTUNREACH: "there is no route to it",
  ETIMEDOUT: "it does not react",
  ENOENT: "there is no such socket; is it running?",
  EACCES: "this process may not use that socket",
};

/**
 * Makes sense of an error below HTTP: no answer came, so the batch may be sent again (F-13, F-14, C-20).
 *
 * Certificates count as well. A wrong one does not heal by itself, yet one that has run out is renewed within hours, and
 * data that waited in a queue would be gone by then if this were final.
 */
export function networkError(cause: unknown, url: URL): ExportError {
  const error = errorOf(cause);
  const code = codeOf(error);
  if (code === "HPE_HEADER_OVERFLOW") {
    const message = `the answer of ${shown(url)} has too many headers; is this an OTLP endpoint?`;
    return new ExportError("bad-response", message, { cause });
  }
  const message = `cannot reach ${shown(url)} (${code}): ${explanation(error, code, url)}`;
  return new ExportError("unavailable", message, { cause });
}

/** The same for what lies between us and a proxy on the way to `place`. */
export function proxyNotReached(cause: unknown, proxy: HttpProxy, place: string): ExportError {
  const error = errorOf(cause);
  const code = codeOf(error);
  const why = explanation(error, code, new URL(proxy.shown));
  const message = `cannot reach ${place} through the proxy ${proxy.shown} (${code}): ${why}`;
  return new ExportError("unavailable", message, { cause });
}

function errorOf(cause: unknown): NodeJS.ErrnoException {
  return cause instanceof Error ? cause : new Error(String(cause));
}

function codeOf(error: NodeJS.ErrnoException): string {
  // Several addresses tried, all in vain: an AggregateError without a code of its own on older versions.
  const inner = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : undefined;
  // DOMExceptions have a number there.
  return [error.code, inner?.code].find((code) => typeof code === "string") ?? error.name;
}

function explanation(error: Error, code: string, url: URL): string {
  const known = explanations[code];
  if (known !== undefined) return known;
  if (isCertificateProblem(code)) {
    return `its certificate was not accepted: ${error.message}; check tls.ca and tls.serverName`;
  }
  // OpenSSL says what is the matter in its message only, and Node's code for it depends on the version.
  if (/wrong version number|packet length too long/i.test(error.message)) {
    return "the far side does not speak TLS there; use http:// or another port";
  }
  if (/\balert\b/i.test(error.message)) {
    return "the far side refused our TLS; does it want a certificate of ours (tls.cert, tls.key)?";
  }
  if (code.startsWith("HPE_")) return `it does not answer in HTTP/1.1${grpcHint(url, "; is it a gRPC port?")}`;
  if (code === "ECONNRESET" || code === "EPIPE") {
    // With TLS 1.3 a server refuses a certificate when the client thinks that all is well, and some just hang up.
    const refused =
      url.protocol === "https:" ? "; a server that has refused our certificate (tls.cert) does that too" : "";
    return `the connection broke before an answer came${grpcHint(url, refused)}`;
  }
  return error.message;
}

/** 4317 is where OTLP/gRPC listens by default, so a broken conversation there has one likely reason. */
function grpcHint(url: URL, otherwise: string): string {
  return url.port === "4317" ? "; 4317 is usually gRPC, OTLP/HTTP is usually 4318" : otherwise;
}

function isCertificateProblem(code: string): boolean {
  return (
    /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH)/.test(code) ||
    code === "ERR_TLS_CERT_ALTNAME_INVALID"
  );
}
