import type { HrTime, RecordedAttributes, RecordedResource, RecordedScope, RecordedSpanContext } from "./recorded.ts";

/** A log record: `ReadableLogRecord` of the OpenTelemetry JS SDK, whatever its generation. */
export interface RecordedLog {
  /** When it happened; `[0, 0]`: not known. */
  readonly hrTime: HrTime;
  /** When it was noticed. */
  readonly hrTimeObserved: HrTime;
  readonly spanContext?: RecordedSpanContext | undefined;
  /** 1 (least of trace) to 24 (worst of fatal) (M-24). */
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
  /** Any value, as in attributes; `undefined`: none (M-23). */
  readonly body?: unknown;
  readonly eventName?: string | undefined;
  readonly attributes: RecordedAttributes;
  readonly droppedAttributesCount: number;
  readonly resource: RecordedResource;
  readonly instrumentationScope: RecordedScope;
}
