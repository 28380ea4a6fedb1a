import { check, duration, integer, optional, or, section } from "@otlpkit/config";
import { type ByteBudget, definePlugin, ExportError, type Middleware } from "@otlpkit/core";
import { memoryOfThisProcess } from "../memory.ts";

const mebibyte = 1_048_576;

const config = check(
  section({
    check_interval: or(duration, 0),
    limit_mib: optional(integer({ min: 0 })),
    spike_limit_mib: optional(integer({ min: 0 })),
    limit_percentage: optional(integer({ min: 0, max: 100 })),
    spike_limit_percentage: optional(integer({ min: 0, max: 100 })),
  }),
  (settings) => {
    if (!settings.limit_mib && !settings.limit_percentage) return "needs limit_mib or limit_percentage";
    if (settings.check_interval === 0) return "check_interval must be above 0; 1s is a good value";
    return softLimitBytes(settings, 100 * mebibyte * mebibyte) > 0 ? undefined : "the spike must be below the limit";
  },
);

/**
 * `memory_limiter`: refuses requests, for now, while the process uses more than the limit less the spike. Files for the
 * Collector have it; the bound that holds in any case is `service.memory_budget`, which counts bytes and needs no guess.
 */
export const memoryLimiterProcessor = definePlugin({
  kind: "processor",
  names: ["memory_limiter"],
  config,
  create: (settings, context: { readonly usedBytes?: () => number; readonly budget: ByteBudget }): Middleware =>
    memoryLimiter(
      softLimitBytes(settings, memoryOfThisProcess()),
      settings.check_interval,
      context.usedBytes ?? (() => process.memoryUsage.rss()),
      context.budget,
    ),
});

/**
 * Looks at most every `intervalMs` at how much is used, and only when there is something to let through. Who is refused is
 * asked to come back after the next look, when the relay has had the time to deliver as much as that sender brings.
 */
export function memoryLimiter(
  limitBytes: number,
  intervalMs: number,
  usedBytes: () => number,
  budget: Pick<ByteBudget, "retryAfterMs">,
  now: () => number = () => performance.now(),
): Middleware {
  let lookedAtMs = -Infinity;
  let over = false;
  return (next) => ({
    send(batch, options) {
      if (now() - lookedAtMs >= intervalMs) {
        lookedAtMs = now();
        over = usedBytes() > limitBytes;
      }
      if (!over) return next.send(batch, options);
      const message = `more than ${Math.floor(limitBytes / mebibyte)} MiB of memory are in use; send again later`;
      const nextLookMs = Math.ceil(intervalMs - (now() - lookedAtMs));
      const retryAfterMs = Math.max(nextLookMs, budget.retryAfterMs(batch.body.byteLength, batch.tenant));
      return Promise.reject(new ExportError("overloaded", message, { retryAfterMs }));
    },
    close: () => next.close(),
  });
}

interface Limits {
  readonly limit_mib: number | undefined;
  readonly spike_limit_mib: number | undefined;
  readonly limit_percentage: number | undefined;
  readonly spike_limit_percentage: number | undefined;
}

/** Where refusing begins. A spike of a fifth is the Collector's default. */
function softLimitBytes(limits: Limits, memoryBytes: number): number {
  const percent = (share: number): number => (memoryBytes * share) / 100;
  const limit = limits.limit_mib ? limits.limit_mib * mebibyte : percent(limits.limit_percentage ?? 0);
  const ownSpike = limits.limit_mib
    ? (limits.spike_limit_mib ?? 0) * mebibyte
    : percent(limits.spike_limit_percentage ?? 0);
  return limit - (ownSpike > 0 ? ownSpike : limit / 5);
}
