import type { OtlpClient } from "@otlpkit/client";
import { OtlpLogRecordProcessor as Logs, OtlpSpanProcessor as Spans, type ProcessorOptions } from "@otlpkit/client/sdk";

// Those of `@otlpkit/client/sdk`, with another default.

/** Sends spans as JSON over HTTP unless told otherwise. */
export class OtlpSpanProcessor extends Spans {
  constructor(options: ProcessorOptions | OtlpClient = {}) {
    super("recordSpan" in options ? options : { protocol: "http/json", ...options });
  }
}

/** Sends log records as JSON over HTTP unless told otherwise. */
export class OtlpLogRecordProcessor extends Logs {
  constructor(options: ProcessorOptions | OtlpClient = {}) {
    super("recordSpan" in options ? options : { protocol: "http/json", ...options });
  }
}
