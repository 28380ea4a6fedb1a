import type { RecordedSpan } from "@otlpkit/otlp";
import type { Attributes, Resource } from "../resource.ts";
import {
  attributesMember,
  invalidMember,
  listMember,
  nameMember,
  objectMember,
  textMember,
  wordMember,
} from "./member.ts";
import { newId, spanIdMember, traceIdMember } from "./plain-ids.ts";
import { type PlainScope, scopeMember } from "./plain-scope.ts";
import { hrTime, type PlainTime } from "./plain-time.ts";

/**
 * A span as a plain object, for those who have no tracer.
 *
 * ```ts
 * client.recordSpan({ name: "checkout", kind: "server", start: begun, end: Date.now(), status: "ok" });
 * ```
 */
export interface PlainSpan {
  /** What is done, in few words: "checkout", "GET /cart/:id". */
  readonly name: string;
  /** 32 hex digits. Default: a new one, so that the span is a trace of its own. */
  readonly traceId?: string;
  /** 16 hex digits. Default: a new one. */
  readonly spanId?: string;
  /** The span that this one is part of, in the same trace: needs `traceId`. Default: none, the span is the root. */
  readonly parentSpanId?: string;
  /** W3C `tracestate`, as it came. Default: none. */
  readonly traceState?: string;
  /** Default "internal". */
  readonly kind?: "internal" | "server" | "client" | "producer" | "consumer";
  readonly start: PlainTime;
  readonly end: PlainTime;
  readonly attributes?: Attributes;
  /** What happened meanwhile. */
  readonly events?: readonly PlainSpanEvent[];
  /** Other spans that have to do with this one. */
  readonly links?: readonly PlainSpanLink[];
  /** How it ended. Default: not said. */
  readonly status?: PlainStatusCode | { readonly code: PlainStatusCode; readonly message?: string };
  /** The library or module that made the span: its name, or more. Default: not said. */
  readonly scope?: PlainScope;
}

/** "ok" only if somebody decided that it is; a span without an error is "unset". */
export type PlainStatusCode = "unset" | "ok" | "error";

/** Something that happened at one moment of a span. */
export interface PlainSpanEvent {
  readonly name: string;
  readonly time: PlainTime;
  readonly attributes?: Attributes;
}

/** A span of this or another trace that has to do with the one that holds the link. */
export interface PlainSpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string;
  readonly attributes?: Attributes;
}

/**
 * The plain span in the shape that the encoder takes. Ids that are absent are made.
 *
 * @throws ExportError "invalid" that names the member that is missing or wrong. The client catches it: there it counts as
 * dropped with the reason `invalid`, and the `dropped` event carries the error.
 */
export function recordedSpan(span: PlainSpan, resource: Resource): RecordedSpan {
  objectMember("span", span);
  const { traceId, spanId = newId(8), parentSpanId } = span;
  if (parentSpanId !== undefined && traceId === undefined) {
    throw invalidMember("span.traceId", "given, as there is a parentSpanId");
  }
  const context = contextOf("span", { ...span, traceId: traceId ?? newId(16), spanId });
  const parent = parentSpanId === undefined ? undefined : spanIdMember("span.parentSpanId", parentSpanId);
  return {
    name: nameMember("span.name", span.name),
    kind: wordMember("span.kind", span.kind ?? "internal", kinds),
    spanContext: () => context,
    ...(parent !== undefined && { parentSpanContext: { ...context, spanId: parent } }),
    startTime: hrTime("span.start", span.start),
    endTime: hrTime("span.end", span.end),
    status: statusOf(span.status),
    attributes: attributesMember("span.attributes", span.attributes),
    events: listMember("span.events", span.events).map(eventOf),
    links: listMember("span.links", span.links).map(linkOf),
    resource,
    instrumentationScope: scopeMember("span.scope", span.scope),
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

// The numbers of the OpenTelemetry API; those of kinds are one more on the wire (M-16).
const kinds = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 } as const;
const statusCodes = { unset: 0, ok: 1, error: 2 } as const;

const sampled = 1;

function contextOf(
  member: string,
  { traceId, spanId, traceState }: PlainSpanLink,
): ReturnType<RecordedSpan["spanContext"]> {
  const traceFlags = sampled;
  const ids = {
    traceId: traceIdMember(`${member}.traceId`, traceId),
    spanId: spanIdMember(`${member}.spanId`, spanId),
  };
  if (traceState === undefined) return { ...ids, traceFlags };
  const text = textMember(`${member}.traceState`, traceState);
  return { ...ids, traceFlags, traceState: { serialize: () => text } };
}

function statusOf(status: PlainSpan["status"] = "unset"): { code: 0 | 1 | 2; message?: string } {
  if (typeof status === "string") return { code: wordMember("span.status", status, statusCodes) };
  const { code, message } = objectMember("span.status", status);
  return {
    code: wordMember("span.status.code", code, statusCodes),
    message: textMember("span.status.message", message),
  };
}

function eventOf(event: PlainSpanEvent, index: number): RecordedSpan["events"][number] {
  const member = `span.events[${index}]`;
  const { name, time, attributes } = objectMember(member, event);
  return {
    name: nameMember(`${member}.name`, name),
    time: hrTime(`${member}.time`, time),
    attributes: attributesMember(`${member}.attributes`, attributes),
    droppedAttributesCount: 0,
  };
}

function linkOf(link: PlainSpanLink, index: number): RecordedSpan["links"][number] {
  const member = `span.links[${index}]`;
  return {
    context: contextOf(member, objectMember(member, link)),
    attributes: attributesMember(`${member}.attributes`, link.attributes),
    droppedAttributesCount: 0,
  };
}
