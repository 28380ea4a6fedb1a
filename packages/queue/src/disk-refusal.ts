import { ExportError } from "@otlpkit/core";

/** How long to stay away when the disk fails. */
export const diskRetryMs = 1000;

/** What a sender is told when the disk fails. */
export function diskRefusal(attempted: string, error: unknown): ExportError {
  if (ExportError.is(error) && error.retryable) return error;
  const { code, message } =
    error instanceof Error ? (error as Error & { code?: string }) : { code: undefined, message: String(error) };
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new ExportError(
    full ? "overloaded" : "unavailable",
    full
      ? `cannot queue: the disk is full (${message}); free some space`
      : `cannot queue: failed to ${attempted} (${message})`,
    { retryAfterMs: diskRetryMs, cause: error },
  );
}
