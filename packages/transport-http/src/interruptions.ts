import { ExportError, type HttpProxy } from "@otlpkit/core";
import { shown } from "./request-url.ts";

// Endings that are no answer of the far side, worded once for every transport.

/** No complete answer by the deadline. It may have arrived all the same. */
export function timedOut(url: URL): ExportError {
  return new ExportError("timeout", `no answer from ${shown(url)} within the time allowed`);
}

/** No connection, TLS included, within the time for one. */
export function notConnected(place: string, timeoutMs: number, proxy: HttpProxy | undefined): ExportError {
  const through = proxy === undefined ? "" : ` through the proxy ${proxy.shown}`;
  return new ExportError("unavailable", `no connection to ${place}${through} within ${timeoutMs} ms; is it reachable?`);
}

/** The caller's signal was aborted. */
export function cancelled(url: URL, signal: AbortSignal): ExportError {
  const message = `sending to ${shown(url)} was given up by the caller`;
  return new ExportError("cancelled", message, { cause: signal.reason });
}

/** More answer than we are willing to hold; the same again would bring the same (C-11, C-12). */
export function answerTooLarge(url: URL, status: number, maxBytes: number): ExportError {
  return new ExportError(
    "bad-response",
    `the answer of ${shown(url)} (HTTP ${status}) is larger than ${maxBytes} bytes; is this an OTLP endpoint?`,
  );
}
