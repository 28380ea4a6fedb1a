import { SamplingDecision, type SamplingResult, type TraceState } from "@opentelemetry/api";
import { withThreshold } from "./ot-state.ts";

// One object each, as most spans need no more.
const keep: SamplingResult = { decision: SamplingDecision.RECORD_AND_SAMPLED };
const drop: SamplingResult = { decision: SamplingDecision.NOT_RECORD };

/** Keeps a span or does not, and hands `threshold`, or none, on in place of what the parent was sampled with. */
export function verdict(kept: boolean, parentState: TraceState | undefined, threshold?: string): SamplingResult {
  const result = kept ? keep : drop;
  const traceState = withThreshold(parentState, threshold);
  return traceState === undefined || traceState === parentState ? result : { ...result, traceState };
}
