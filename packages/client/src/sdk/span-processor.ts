import type { RecordedSpan } from "@otlpkit/otlp";
import type { OtlpClient } from "../otlp-client.ts";
import { clientOf, type ProcessorOptions } from "./processor-options.ts";
import type { PendingResource } from "./pending-resources.ts";
import { type ForceFlushOptions, type RecordProcessor, recordProcessor } from "./record-processor.ts";

/** A span of the SDK: `ReadableSpan`. */
export type ProcessedSpan = RecordedSpan & { readonly resource: PendingResource };

const sampled = 1;

/**
 * A span processor for the OpenTelemetry SDK 1, 2 and 3, in place of `BatchSpanProcessor` with an exporter: encodes each
 * span as it ends, holds bytes instead of objects, and sends several requests at a time.
 *
 * ```ts
 * new NodeSDK({ spanProcessors: [new OtlpSpanProcessor()] });
 * ```
 *
 * Takes only sampled spans (O-15). A processor that is to change spans has to come before this one.
 */
export class OtlpSpanProcessor {
  readonly #processor: RecordProcessor<ProcessedSpan>;

  /** Give a client instead of options to share it; it is then yours to close. */
  constructor(options: ProcessorOptions | OtlpClient = {}) {
    const { client, own } = clientOf("traces", options);
    this.#processor = recordProcessor({
      signal: "traces",
      client,
      ownsClient: own,
      record: (span) => client.recordSpan(span),
    });
  }

  /** Does nothing: a span is of interest when it has ended. */
  onStart(_span: unknown, _parentContext: unknown): void {}

  onEnd(span: ProcessedSpan): void {
    if ((span.spanContext().traceFlags & sampled) !== 0) this.#processor.take(span);
  }

  forceFlush(options?: ForceFlushOptions): Promise<void> {
    return this.#processor.forceFlush(options);
  }

  shutdown(): Promise<void> {
    return this.#processor.shutdown();
  }
}
