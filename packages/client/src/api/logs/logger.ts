import {
  type Context,
  context as contexts,
  type Exception,
  type HrTime,
  isSpanContextValid,
  type SpanContext,
  trace,
} from "@opentelemetry/api";
import type { RecordedLog, RecordedResource, RecordedScope } from "@otlpkit/otlp";
import { attributeSet } from "../trace/attribute-set.ts";
import { exceptionAttributes } from "../trace/exception-attributes.ts";
import { hrTimeAt, type SpanClock } from "../trace/span-clock.ts";
import { hrTimeOf } from "../trace/time-input.ts";
import type { LogRecordLimits } from "./log-record-limits.ts";
import type { Logger, LogRecord } from "./logs-api.ts";

/** What a logger makes records of. */
export interface LoggerParts {
  readonly resource: RecordedResource;
  readonly scope: RecordedScope;
  readonly limits: Required<LogRecordLimits>;
  readonly clock: SpanClock;
  /** Whether records tell the span that is current. */
  readonly includeTraceContext: boolean;
  readonly isOpen: () => boolean;
  readonly record: (log: RecordedLog) => void;
  readonly warn: (warning: string) => void;
}

export function logger(parts: LoggerParts): Logger {
  const { resource, scope, limits, clock, includeTraceContext, isOpen, record, warn } = parts;
  const { attributeCountLimit, attributeValueLengthLimit } = limits;

  function emit(given: LogRecord): void {
    if (!isOpen()) return;
    const nowMs = clock.monotonic();
    const anchor = clock.anchorAt(nowMs);
    const now = hrTimeAt(anchor, nowMs);
    const timeOf = (time: LogRecord["timestamp"]): HrTime =>
      time === undefined ? now : (hrTimeOf(time, anchor, nowMs) ?? now);

    const { attributes, dropped } = attributeSet(allAttributes(given), attributeCountLimit, attributeValueLengthLimit);
    if (dropped > 0) warn("attributes of log records are left out: there are too many, or values that cannot be sent");
    record({
      hrTime: timeOf(given.timestamp),
      hrTimeObserved: timeOf(given.observedTimestamp),
      spanContext: spanContextOf(given.context ?? (includeTraceContext ? contexts.active() : undefined)),
      severityNumber: given.severityNumber,
      severityText: given.severityText,
      body: given.body,
      eventName: given.eventName,
      attributes,
      droppedAttributesCount: dropped,
      resource,
      instrumentationScope: scope,
    });
  }

  return { emit, enabled: () => isOpen() };
}

/** Those of the exception come first, to stay when there are too many; those that the program gives win over them. */
function allAttributes({ attributes, exception }: LogRecord): LogRecord["attributes"] {
  if (exception === undefined) return attributes;
  // Without types anything can come, as anything can be thrown.
  const thrown = typeof exception === "number" ? String(exception) : (exception as Exception);
  return { ...exceptionAttributes(thrown), ...attributes };
}

function spanContextOf(context: Context | undefined): SpanContext | undefined {
  const spanContext = context && trace.getSpanContext(context);
  return spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext : undefined;
}
