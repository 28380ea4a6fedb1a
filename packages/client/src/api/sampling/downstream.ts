import type { TraceState } from "@opentelemetry/api";
import { otState, randomnessOf, withThreshold } from "./ot-state.ts";
import { keeps, probabilityOf, thresholdDigits, thresholdOf } from "./threshold.ts";

/** What a later stage needs to know of a span that was kept so far. */
export interface SampledSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Its trace state: with which threshold it was kept. Without one it counts as one that was kept for certain. */
  readonly traceState: TraceState | undefined;
}

/** What becomes of it: kept with this trace state, or dropped. */
export type DownstreamVerdict =
  | { readonly kept: true; readonly traceState: TraceState | undefined }
  | { readonly kept: false };

/**
 * Samples finished spans once more, so that none is kept with a higher probability than this one (N2-18, N2-19). Never
 * raises the probability of a span that was kept with a lower one.
 */
export function equalizing(probability: number, precision?: number): (span: SampledSpan) => DownstreamVerdict {
  const own = thresholdOf(probability, precision);
  return (span) => {
    const before = otState(span.traceState).threshold ?? "0";
    return keep(span, before.padEnd(thresholdDigits, "0") > own.padEnd(thresholdDigits, "0") ? before : own);
  };
}

/** Samples finished spans once more: of those that come, this share is kept, whatever they were kept with before (N2-20). */
export function proportional(probability: number, precision?: number): (span: SampledSpan) => DownstreamVerdict {
  thresholdOf(probability, precision);
  return (span) => {
    const product = probability * probabilityOf(otState(span.traceState).threshold ?? "0");
    return product < 2 ** -56 ? { kept: false } : keep(span, thresholdOf(product, precision));
  };
}

function keep({ traceId, traceState }: SampledSpan, threshold: string): DownstreamVerdict {
  const kept = keeps(randomnessOf(traceId, otState(traceState)), threshold);
  return kept ? { kept, traceState: withThreshold(traceState, threshold) } : { kept };
}
