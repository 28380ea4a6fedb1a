import { ExportError, type ExportErrorCode } from "@otlpkit/core";
import { flawOf } from "./invalid.ts";
import { grpcCode, type Status } from "./status.ts";

/** Codes after which the same request may be sent again (F-02); RESOURCE_EXHAUSTED only with RetryInfo (F-04). */
const retryableCodes: ReadonlyMap<number, ExportErrorCode> = new Map<number, ExportErrorCode>([
  [grpcCode.CANCELLED, "unavailable"],
  [grpcCode.DEADLINE_EXCEEDED, "timeout"],
  [grpcCode.ABORTED, "unavailable"],
  [grpcCode.OUT_OF_RANGE, "unavailable"],
  [grpcCode.UNAVAILABLE, "unavailable"],
  [grpcCode.DATA_LOSS, "unavailable"],
]);

/** Codes that mean more than "rejected". */
const permanentCodes: ReadonlyMap<number, ExportErrorCode> = new Map<number, ExportErrorCode>([
  [grpcCode.INVALID_ARGUMENT, "invalid"],
  [grpcCode.PERMISSION_DENIED, "forbidden"],
  // Without RetryInfo it is nearly always the limit of a message's size: gRPC libraries refuse with this code.
  [grpcCode.RESOURCE_EXHAUSTED, "too-large"],
  [grpcCode.UNIMPLEMENTED, "unsupported"],
  [grpcCode.UNAUTHENTICATED, "unauthenticated"],
]);

const ownCodes: Readonly<Record<ExportErrorCode, number>> = {
  invalid: grpcCode.INVALID_ARGUMENT,
  "too-large": grpcCode.RESOURCE_EXHAUSTED,
  unauthenticated: grpcCode.UNAUTHENTICATED,
  forbidden: grpcCode.PERMISSION_DENIED,
  unsupported: grpcCode.UNIMPLEMENTED,
  rejected: grpcCode.INTERNAL,
  "bad-response": grpcCode.INTERNAL,
  // These three come here only when someone has declared them permanent, and permanent they stay.
  overloaded: grpcCode.INTERNAL,
  unavailable: grpcCode.INTERNAL,
  timeout: grpcCode.INTERNAL,
  // Not sent again by us, but nobody refused the data either: whoever holds them may come back.
  cancelled: grpcCode.UNAVAILABLE,
  closed: grpcCode.UNAVAILABLE,
};

/**
 * What a server says about an error. What may be tried again is UNAVAILABLE, with RetryInfo when the wait is known (B-13,
 * B-15); what may not keeps the code that a server further on gave, or gets its own (B-14, B-20). RESOURCE_EXHAUSTED is
 * about sizes only and carries no RetryInfo (B-16). An "invalid" error names the field in BadRequest when it is known.
 */
export function statusOf(error: ExportError): Status {
  const { message } = error;
  if (error.retryable) {
    const status = { code: grpcCode.UNAVAILABLE, message };
    return error.retryAfterMs > 0 ? { ...status, retryAfterMs: error.retryAfterMs } : status;
  }
  const code = codeOf(error);
  if (code !== grpcCode.INVALID_ARGUMENT) return { code, message };
  return { code, message, fieldViolations: [flawOf(error) ?? { field: "", description: message }] };
}

/**
 * What a client makes of a gRPC status other than OK; `attempted` begins the message: "cannot export to
 * http://collector:4317". Codes 1, 4, 10, 11, 14 and 15 may be sent again, 8 only with RetryInfo, all others not
 * (F-02 to F-04). RetryInfo's delay becomes `retryAfterMs` (F-05).
 */
export function errorOf(status: Status, attempted: string): ExportError {
  const { code, retryAfterMs } = status;
  const name = Object.entries(grpcCode).find(([, number]) => number === code)?.[0] ?? "unknown code";
  const message = `${attempted}: ${name} (${code})${status.message === "" ? "" : `: ${status.message}`}`;
  return new ExportError(errorCode(code, retryAfterMs), message, { grpcStatus: code, retryAfterMs });
}

function errorCode(code: number, retryAfterMs: number | undefined): ExportErrorCode {
  const asksToWait = retryAfterMs !== undefined;
  if (asksToWait && (code === grpcCode.RESOURCE_EXHAUSTED || code === grpcCode.UNAVAILABLE)) return "overloaded";
  return retryableCodes.get(code) ?? permanentCodes.get(code) ?? "rejected";
}

function codeOf({ code, grpcStatus = 0 }: ExportError): number {
  const isKnown = grpcStatus > 0 && grpcStatus <= 16;
  if (!isKnown || retryableCodes.has(grpcStatus) || grpcStatus === grpcCode.RESOURCE_EXHAUSTED) return ownCodes[code];
  return grpcStatus;
}
