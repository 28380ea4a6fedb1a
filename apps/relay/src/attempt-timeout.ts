import type { Middleware } from "@otlpkit/core";

/**
 * Gives each attempt so many ms from where it leaves; 0 bounds nothing. It stands behind whatever lets attempts wait for
 * their turn, since a wait says nothing about the destination.
 */
export function attemptTimeout(timeoutMs: number): Middleware {
  return (next) => ({
    send(batch, options) {
      if (timeoutMs === 0) return next.send(batch, options);
      const deadline = Math.min(options.deadline ?? Infinity, performance.now() + timeoutMs);
      return next.send(batch, { ...options, deadline });
    },
    close: () => next.close(),
  });
}
