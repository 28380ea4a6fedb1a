import type { IncomingHttpHeaders } from "node:http2";
import { ExportError, type ExportErrorCode } from "@otlpkit/core";

// google.rpc.Code. What is not here will most likely pass.
const codes: Readonly<Record<number, ExportErrorCode>> = {
  3: "invalid",
  4: "timeout",
  5: "rejected",
  7: "forbidden",
  8: "overloaded",
  9: "rejected",
  11: "rejected",
  12: "unsupported",
  16: "unauthenticated",
};

/** What the end of a call says: nothing when all went well. `undefined` headers: it ended without a word. */
export function statusOf(headers: IncomingHttpHeaders | undefined, attempted: string): ExportError | undefined {
  const status = headers?.["grpc-status"]?.toString();
  if (status === "0") return undefined;
  if (status === undefined) return new ExportError("unavailable", `${attempted}: the answer was cut off`);
  const code = Number(status);
  const said = messageOf(headers?.["grpc-message"]);
  return new ExportError(codes[code] ?? "unavailable", `${attempted}: ${said} (gRPC status ${status})${advice(said)}`, {
    grpcStatus: code,
  });
}

/** An answer that is none of gRPC. */
export function notGrpc(headers: IncomingHttpHeaders, attempted: string): ExportError {
  const status = (headers[":status"] ?? "none").toString();
  return new ExportError("bad-response", `${attempted}: what answers is no gRPC (HTTP status ${status}); is it etcd?`, {
    retryable: true,
  });
}

/** A new token may help: this one is over, or unknown after a restart, or from before permissions were changed. */
export function wantsToken({ grpcStatus, message }: ExportError): boolean {
  return grpcStatus === 16 || (grpcStatus === 3 && tokenReason(message));
}

/** The same as {@link wantsToken} for the reason of a watch that was cancelled. */
export function tokenReason(reason: string): boolean {
  // etcd 3.4 says "permission denied" to a watch with an old token too.
  return /user name is empty|invalid auth token|revision of auth store is old|permission denied/.test(reason);
}

/** The lease is over. */
export function isLeaseGone({ grpcStatus, message }: ExportError): boolean {
  return grpcStatus === 5 && message.includes("lease not found");
}

/** Nobody needs a password here. */
export function isAuthOff({ grpcStatus, message }: ExportError): boolean {
  return grpcStatus === 9 && message.includes("authentication is not enabled");
}

function advice(said: string): string {
  if (said.includes("user name is empty")) return "; give username and password";
  if (said.includes("permission denied")) return "; the role of this user needs the prefix of these keys";
  return "";
}

function messageOf(header: string | string[] | undefined): string {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || text === "") return "it failed and says not why";
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
