import type { RecordedLog } from "@otlpkit/otlp";
import type { Attributes, Resource } from "../resource.ts";
import { attributesMember, invalidMember, objectMember, textMember, wordMember } from "./member.ts";
import { spanIdMember, traceIdMember } from "./plain-ids.ts";
import { type PlainScope, scopeMember } from "./plain-scope.ts";
import { hrTime, type PlainTime } from "./plain-time.ts";

/**
 * A log record as a plain object, for those who have no logger of OpenTelemetry.
 *
 * ```ts
 * client.recordLog({ severity: "warn", body: "card declined", attributes: { "order.id": id } });
 * ```
 */
export interface PlainLog {
  /** What there is to say: a text, or any value that an attribute may have. */
  readonly body?: unknown;
  /** How bad it is: a word, or a number from 1 (least of "trace") to 24 (worst of "fatal") (M-24). Default: not said. */
  readonly severity?: PlainSeverity | number;
  /** The severity as the source says it. Default: the word of `severity` in capitals, if that is a word. */
  readonly severityText?: string;
  /** When it happened. Default: now. */
  readonly time?: PlainTime;
  /** When it was noticed, if that was later, for instance on reading a file. Default: now. */
  readonly observedTime?: PlainTime;
  readonly attributes?: Attributes;
  /** Makes the record an event of that kind (M-23). */
  readonly eventName?: string;
  /** The trace it belongs to: 32 hex digits. */
  readonly traceId?: string;
  /** The span it belongs to: 16 hex digits. Needs `traceId`. */
  readonly spanId?: string;
  /** The library or module that made the record: its name, or more. Default: not said. */
  readonly scope?: PlainScope;
}

/** The first of the four numbers that each word stands for is meant. */
export type PlainSeverity = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/**
 * The plain log record in the shape that the encoder takes.
 *
 * @param now the clock for times that are absent, ms since 1970.
 * @throws ExportError "invalid" that names the member that is wrong. The client catches it: there it counts as dropped
 * with the reason `invalid`, and the `dropped` event carries the error.
 */
export function recordedLog(log: PlainLog, resource: Resource, now: () => number = Date.now): RecordedLog {
  objectMember("log", log);
  const { severity, severityText, traceId, spanId, time = now(), observedTime = now(), body } = log;
  if (spanId !== undefined && traceId === undefined) throw invalidMember("log.traceId", "given, as there is a spanId");
  const text = severityText ?? (typeof severity === "string" ? severity.toUpperCase() : undefined);
  return {
    hrTime: hrTime("log.time", time),
    hrTimeObserved: hrTime("log.observedTime", observedTime),
    ...(traceId !== undefined && { spanContext: contextOf(traceId, spanId) }),
    ...(severity !== undefined && { severityNumber: severityNumber(severity) }),
    ...(text !== undefined && { severityText: textMember("log.severityText", text) }),
    ...(body !== undefined && { body }),
    ...(log.eventName !== undefined && { eventName: textMember("log.eventName", log.eventName) }),
    attributes: attributesMember("log.attributes", log.attributes),
    droppedAttributesCount: 0,
    resource,
    instrumentationScope: scopeMember("log.scope", log.scope),
  };
}

const severities = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 } as const;

function severityNumber(severity: PlainSeverity | number): number {
  if (typeof severity === "string") return wordMember("log.severity", severity, severities);
  if (Number.isInteger(severity) && severity >= 1 && severity <= 24) return severity;
  throw invalidMember("log.severity", "a whole number from 1 to 24, or a word such as info");
}

const sampled = 1;

/** A trace alone is enough for a log record: a span id of "" leaves the field out. */
function contextOf(traceId: string, spanId: string | undefined) {
  return {
    traceId: traceIdMember("log.traceId", traceId),
    spanId: spanId === undefined ? "" : spanIdMember("log.spanId", spanId),
    traceFlags: sampled,
  };
}
