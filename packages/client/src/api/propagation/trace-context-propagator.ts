import {
  type Context,
  isSpanContextValid,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { isSuppressed } from "../suppressed.ts";
import { traceFlagRandom } from "../trace/flags.ts";
import { parseTraceState, trimSpace } from "./trace-state.ts";

const parentHeader = "traceparent";
const stateHeader = "tracestate";

/**
 * Carries the trace from process to process in the headers `traceparent` and `tracestate` (W3C Trace Context level 2).
 * What does not keep to the rules is not taken, and the receiver starts a trace of its own.
 */
export function traceContextPropagator(): TextMapPropagator {
  return {
    inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
      const spanContext = trace.getSpanContext(context);
      if (spanContext === undefined || isSuppressed(context) || !isSpanContextValid(spanContext)) return;
      setter.set(carrier, parentHeader, formatTraceParent(spanContext));
      const state = spanContext.traceState?.serialize();
      if (state) setter.set(carrier, stateHeader, state);
    },

    extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
      const header = getter.get(carrier, parentHeader);
      const spanContext = parseTraceParent(Array.isArray(header) ? header.join() : header);
      if (spanContext === undefined) return context;
      const state = getter.get(carrier, stateHeader);
      const traceState = parseTraceState(Array.isArray(state) ? state.join() : (state ?? ""));
      return trace.setSpanContext(context, traceState === undefined ? spanContext : { ...spanContext, traceState });
    },

    fields: () => [parentHeader, stateHeader],
  };
}

const traceParent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Undefined: the header is absent, comes twice, or is not by the rules. A version to come may add something behind. */
function parseTraceParent(header: string | undefined): SpanContext | undefined {
  if (typeof header !== "string") return undefined;
  const match = traceParent.exec(trimSpace(header));
  if (match === null) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", more] = match;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & knownFlags, isRemote: true };
  return isSpanContextValid(spanContext) ? spanContext : undefined;
}

const knownFlags = TraceFlags.SAMPLED | traceFlagRandom;

function formatTraceParent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & knownFlags}`;
}
