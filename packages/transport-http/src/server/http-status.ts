import { type ExportError, type ExportErrorCode } from "@otlpkit/core";

const statuses: Readonly<Partial<Record<ExportErrorCode, number>>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  "too-large": 413,
  // 404 would blame the path, which was right.
  unsupported: 501,
  // These two say something about us and nothing about the data, so the sender should try again.
  closed: 503,
  cancelled: 503,
};

/**
 * The status that says whether to try again, since nothing else says it (D-17): 429 or 503 for what may succeed later,
 * never for what will not.
 */
export function httpStatusOf(error: ExportError): number {
  if (error.retryable) return error.code === "overloaded" ? 429 : 503;
  return statuses[error.code] ?? 500;
}
