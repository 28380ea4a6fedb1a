import { batch } from "@otlpkit/batcher";
import { bytes, check, duration, ignored, integer, list, map, or, section, text } from "@otlpkit/config";
import { byteBudget, definePlugin, type Middleware } from "@otlpkit/core";
import { batchSizeMetrics } from "@otlpkit/telemetry";
import type { ProcessorContext } from "../component.ts";

const config = check(
  section({
    timeout: or(duration, 200),
    send_batch_size: or(integer({ min: 0 }), 8192),
    send_batch_max_size: or(integer({ min: 0 }), 0),
    /** Ours: larger requests are cut, because many receivers refuse more and call that final. */
    send_batch_max_bytes: or(bytes, 4 * 1_048_576),
    metadata_keys: list(map(text, (name) => name.toLowerCase())),
    metadata_cardinality_limit: ignored("a group of batches exists only while it is being filled"),
  }),
  ({ send_batch_max_size: max, send_batch_size: size }) =>
    max > 0 && max < size ? "send_batch_max_size must be 0 or at least send_batch_size" : undefined,
);

/** `batch`: merges small requests. Its answer is still the answer of what is behind it. */
export const batchProcessor = definePlugin({
  kind: "processor",
  names: ["batch"],
  config,
  create(settings, context: ProcessorContext): Middleware {
    const merge = batch({
      maxAgeMs: settings.send_batch_size === 0 ? 0 : settings.timeout,
      sendItems: Math.max(1, settings.send_batch_size),
      maxItems: settings.send_batch_max_size,
      maxBytes: settings.send_batch_max_bytes,
      closeGraceMs: context.closeGraceMs,
      // Receivers hold the budget until a request is answered; here it would count twice.
      budget: byteBudget(Infinity),
      // Of several destinations one may be dead, and must not keep batches from the others.
      ...(context.destinations > 1 ? { maxConcurrent: Infinity } : {}),
    });
    const measure = batchSizeMetrics(context.metrics, { processor: context.id, pipeline: context.pipeline });
    return (next) => merge(measure(next));
  },
});
