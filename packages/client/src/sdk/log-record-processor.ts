import type { RecordedLog } from "@otlpkit/otlp";
import type { OtlpClient } from "../otlp-client.ts";
import { clientOf, type ProcessorOptions } from "./processor-options.ts";
import type { PendingResource } from "./pending-resources.ts";
import { type ForceFlushOptions, type RecordProcessor, recordProcessor } from "./record-processor.ts";

/** A log record of the SDK: `ReadableLogRecord`. */
export type ProcessedLog = RecordedLog & { readonly resource: PendingResource };

/**
 * A log record processor for the OpenTelemetry SDK 1 (0.5x), 2 and 3, in place of `BatchLogRecordProcessor` with an
 * exporter: encodes each record as it comes, holds bytes instead of objects, and sends several requests at a time.
 *
 * A processor that is to change records has to come before this one.
 */
export class OtlpLogRecordProcessor {
  readonly #processor: RecordProcessor<ProcessedLog>;

  /** Give a client instead of options to share it; it is then yours to close. */
  constructor(options: ProcessorOptions | OtlpClient = {}) {
    const { client, own } = clientOf("logs", options);
    this.#processor = recordProcessor({
      signal: "logs",
      client,
      ownsClient: own,
      record: (log) => client.recordLog(log),
    });
  }

  onEmit(record: ProcessedLog, _context?: unknown): void {
    this.#processor.take(record);
  }

  forceFlush(options?: ForceFlushOptions): Promise<void> {
    return this.#processor.forceFlush(options);
  }

  shutdown(): Promise<void> {
    return this.#processor.shutdown();
  }
}
