import {
  type Context,
  context as contexts,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Sampler,
  SamplingDecision,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  trace,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";
import { isSuppressed } from "../suppressed.ts";
import { attributeSet } from "./attribute-set.ts";
import { traceFlagRandom } from "./flags.ts";
import type { IdGenerator } from "./ids.ts";
import { RecordingSpan, type SpanMaker, spanName } from "./recording-span.ts";
import { hrTimeAt } from "./span-clock.ts";
import { hrTimeOf } from "./time-input.ts";

/** What a tracer makes spans of. */
export interface TracerParts extends SpanMaker {
  readonly sampler: Sampler;
  readonly ids: IdGenerator;
}

export function tracer(parts: TracerParts): Tracer {
  const { clock, ids, limits, sampler } = parts;
  const rootFlags = ids.randomTraceIds === true ? traceFlagRandom : 0;

  function startSpan(name: string, options?: SpanOptions | null, within: Context = contexts.active()): Span {
    if (isSuppressed(within)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const parentContext = options?.root === true ? trace.deleteSpan(within) : within;
    const parentSpan = trace.getSpan(parentContext);
    const parent = validContext(parentSpan);
    const traceId = parent === undefined ? ids.generateTraceId() : parent.traceId;
    const kind = kindOf(options?.kind);
    const {
      decision,
      attributes: added,
      traceState = parent?.traceState,
    } = sampler.shouldSample(parentContext, traceId, name, kind, options?.attributes ?? {}, options?.links ?? []);
    const random = parent === undefined ? rootFlags : parent.traceFlags & traceFlagRandom;
    const sampled = decision === SamplingDecision.RECORD_AND_SAMPLED ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const spanContext = contextOf(traceId, ids.generateSpanId(), sampled | random, traceState);
    if (decision === SamplingDecision.NOT_RECORD) return trace.wrapSpanContext(spanContext);

    const nowMs = clock.monotonic();
    const anchor = parentSpan instanceof RecordingSpan ? parentSpan.anchor : clock.anchorAt(nowMs);
    const given = options?.startTime;
    const startTime = (given === undefined ? undefined : hrTimeOf(given, anchor, nowMs)) ?? hrTimeAt(anchor, nowMs);
    const attributes = added === undefined ? options?.attributes : { ...options?.attributes, ...added };
    const span = new RecordingSpan(
      { name: spanName(name), kind, spanContext, parent, anchor, startTime },
      attributeSet(attributes, limits.attributeCountLimit, limits.attributeValueLengthLimit),
      parts,
    );
    if (options?.links) span.addLinks(options.links);
    return span;
  }

  type Run = (span: Span) => unknown;

  /** The function comes last; options and context may stand before it. */
  function startActiveSpan<F extends Run>(
    name: string,
    ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
  ): ReturnType<F> {
    const run = rest.at(-1) as F;
    const options = rest.length > 1 ? (rest[0] as SpanOptions) : undefined;
    const within = (rest.length > 2 ? (rest[1] as Context) : undefined) ?? contexts.active();
    const span = startSpan(name, options, within);
    return contexts.with(trace.setSpan(within, span), run as (span: Span) => ReturnType<F>, undefined, span);
  }

  return { startSpan, startActiveSpan };
}

/** A parent without valid ids is none. */
function validContext(span: Span | undefined): SpanContext | undefined {
  const spanContext = span?.spanContext();
  return spanContext !== undefined && (span instanceof RecordingSpan || isSpanContextValid(spanContext))
    ? spanContext
    : undefined;
}

/** Always the same members in the same order, which those who read contexts are faster with. */
function contextOf(
  traceId: string,
  spanId: string,
  traceFlags: number,
  traceState: SpanContext["traceState"],
): SpanContext {
  return traceState === undefined ? { traceId, spanId, traceFlags } : { traceId, spanId, traceFlags, traceState };
}

function kindOf(kind: SpanKind | undefined): SpanKind {
  return kind !== undefined && SpanKind[kind] !== undefined ? kind : SpanKind.INTERNAL;
}
