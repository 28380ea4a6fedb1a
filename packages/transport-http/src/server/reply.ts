import type { IncomingMessage, ServerResponse } from "node:http";
import { ExportError, type Format } from "@otlpkit/core";
import { encodeStatus, statusOf } from "@otlpkit/otlp/replies";
import { contentTypes } from "../media-type.ts";
import { retryAfterHeader } from "../retry-after.ts";
import { httpStatusOf } from "./http-status.ts";
import { announcedBytes } from "./read-body.ts";

/** A refusal on its way out. */
export interface Refusal {
  readonly error: ExportError;
  /** The request's, so that it can be read (D-04); JSON where the request's is not known. */
  readonly format: Format;
  /** Where HTTP has a better word than the error's code, such as 405. */
  readonly httpStatus?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whose request it was, if that is known. */
  readonly tenant?: string | undefined;
}

/** Sends a body that is small and complete, with its length even when that is 0 (K-11). */
export function reply(response: ServerResponse, format: Format, body: Uint8Array): void {
  response.writeHead(200, { "content-type": contentTypes[format], "content-length": body.byteLength });
  if (body.byteLength > 0) response.end(body);
  else response.end();
}

/** Refuses a request with a Status that says why (D-12), keeping the connection usable where that is cheap. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
  maxResponseBytes: number,
): void {
  if (response.destroyed || response.headersSent) return;
  const { error, format } = refusal;
  const httpStatus = refusal.httpStatus ?? httpStatusOf(error);
  const body = statusBody(error, format, maxResponseBytes);
  for (const [name, value] of Object.entries(refusal.headers ?? {})) response.setHeader(name, value);
  // RFC 9110 asks for a scheme with each 401, and bearer tokens are what OTLP is protected with.
  if (httpStatus === 401) response.setHeader("www-authenticate", "Bearer");
  if (error.retryAfterMs > 0 && (httpStatus === 429 || httpStatus === 503)) {
    response.setHeader("retry-after", retryAfterHeader(error.retryAfterMs));
  }
  response.setHeader("content-type", contentTypes[format]);
  response.setHeader("content-length", body.byteLength);
  if (worthDraining(request)) {
    response.writeHead(httpStatus);
    response.end(body);
  } else {
    lastWords(request, response, httpStatus, body);
  }
}

const maxDrainBytes = 256 * 1024;

/** Whether what is left of the request is so little that reading it away is better than a new connection. */
function worthDraining(request: IncomingMessage): boolean {
  if (request.complete || request.readableEnded) return true;
  // Whoever waits for "100 Continue" may or may not send a body now, so what comes next cannot be told.
  if (request.headers.expect !== undefined) return false;
  const announced = announcedBytes(request);
  return announced !== undefined && announced <= maxDrainBytes;
}

const lingerMs = 2_000;

/**
 * Answers in the middle of a request and closes. The connection stays open and is read for a moment after the answer is
 * out: closing at once would reset it, and the sender, busy sending, would never see why.
 */
function lastWords(request: IncomingMessage, response: ServerResponse, httpStatus: number, body: Uint8Array): void {
  response.setHeader("connection", "close");
  response.writeHead(httpStatus);
  if (body.byteLength > 0) response.write(body);
  else response.flushHeaders();
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingerMs);
  request.once("close", end);
  request.resume();
}

function statusBody(error: ExportError, format: Format, maxBytes: number): Uint8Array {
  const status = statusOf(error);
  const body = encodeStatus(status, format);
  if (body.byteLength <= maxBytes) return body;
  const short = encodeStatus({ code: status.code, message: "" }, format);
  return short.byteLength <= maxBytes ? short : new Uint8Array();
}
