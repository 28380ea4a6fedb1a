import { type Middleware, middleware } from "@otlpkit/core";

/** Below this the rest of the time belongs to the last attempt. */
const lastAttemptMs = 1000;

/**
 * Bounds one attempt: `attemptTimeoutMs`, but no more than two thirds of what remains until the deadline, so that one that
 * gets no answer leaves time for another (F-15). Stands behind `retry`.
 */
export function attemptShare(attemptTimeoutMs: number, now: () => number): Middleware {
  return middleware((batch, options, next) => {
    const at = now();
    const leftMs = (options.deadline ?? Infinity) - at;
    const shareMs = Math.min(attemptTimeoutMs, leftMs > lastAttemptMs ? (leftMs * 2) / 3 : leftMs);
    return next(batch, shareMs < Infinity ? { ...options, deadline: at + shareMs } : options);
  });
}
