import { ExportError } from "@otlpkit/core";

/** Errors of the system after which nothing can have been sent. */
const neverConnected: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "EACCES",
]);

const grpcUnavailable = 14;

/**
 * Whether the far side may have taken a batch in spite of the error, so that sending it to another endpoint may deliver it
 * twice. Not so when it says itself that it has not (UNAVAILABLE, throttling), or no connection came about.
 */
export function mayHaveArrived({ code, grpcStatus, cause }: ExportError): boolean {
  if (code === "overloaded") return false;
  if (code !== "unavailable") return true;
  if (grpcStatus !== undefined) return grpcStatus !== grpcUnavailable;
  if (ExportError.is(cause)) return cause.retryable && mayHaveArrived(cause);
  return !neverConnected.has(systemCode(cause));
}

function systemCode(cause: unknown): string {
  const inner: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return typeof inner === "object" && inner !== null && "code" in inner ? String(inner.code) : "";
}
