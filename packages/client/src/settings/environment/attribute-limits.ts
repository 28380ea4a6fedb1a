import type { LogRecordLimits } from "../../api/logs/log-record-limits.ts";
import type { SpanLimits } from "../../api/trace/span-limits.ts";
import { defined } from "../defined.ts";
import type { Variables } from "./variables.ts";

/** The limits of spans that variables name; those for spans, events and links over those for anything (I-38). */
export function spanLimitsIn(read: Variables): SpanLimits {
  const forAnything = read.whole("OTEL_ATTRIBUTE_COUNT_LIMIT");
  return defined({
    attributeCountLimit: read.whole("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT") ?? forAnything,
    attributeValueLengthLimit:
      read.whole("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT") ?? read.whole("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
    eventCountLimit: read.whole("OTEL_SPAN_EVENT_COUNT_LIMIT"),
    linkCountLimit: read.whole("OTEL_SPAN_LINK_COUNT_LIMIT"),
    attributePerEventCountLimit: read.whole("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT") ?? forAnything,
    attributePerLinkCountLimit: read.whole("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT") ?? forAnything,
  });
}

/** The limits of log records that variables name; those for log records over those for anything (I-38). */
export function logRecordLimitsIn(read: Variables): LogRecordLimits {
  return defined({
    attributeCountLimit: read.whole("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT") ?? read.whole("OTEL_ATTRIBUTE_COUNT_LIMIT"),
    attributeValueLengthLimit:
      read.whole("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT") ?? read.whole("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
  });
}
