import { diag, type Sampler, type SpanContext, trace } from "@opentelemetry/api";
import { traceFlagRandom } from "../trace/flags.ts";
import { type OtState, otState, randomnessOf } from "./ot-state.ts";
import { keeps, thresholdOf } from "./threshold.ts";
import { verdict } from "./verdict.ts";

/** What `probability` may be told besides. */
export interface ProbabilityOptions {
  /** Significant hex digits of the threshold, 1 to 13. More come nearer to the probability, and cost as many bytes in every request. Default 4. */
  readonly precision?: number;
}

/**
 * Keeps each trace with this probability, consistently: whoever samples the same trace with a higher probability, in
 * whichever service and language, keeps it too (N2-01 to N2-06, N2-15). The threshold travels in `tracestate` as
 * `ot=th:…`, so that what receives the spans knows how many each stands for.
 *
 * Ignores whether the parent was sampled; for whole traces use `parentBased({ root: probability(0.1) })`.
 *
 * @param share from 2^-56 to 1.
 * @throws RangeError for another one. Nothing at all is `alwaysOff()`.
 */
export function probability(share: number, { precision = 4 }: ProbabilityOptions = {}): Sampler {
  const threshold = thresholdOf(share, precision);
  const keptAlone = verdict(true, undefined, threshold);
  let warned = false;

  /** Most trace ids are random, even where nobody says so (N2-14). */
  function warnOfUnknown(parent: SpanContext | undefined, { randomness }: OtState): void {
    if (warned || parent === undefined || randomness !== undefined || parent.traceFlags & traceFlagRandom) return;
    warned = true;
    diag.warn(
      "ProbabilitySampler takes trace ids for random though their maker does not say so; callers should send W3C Trace Context level 2",
    );
  }

  return {
    shouldSample(context, traceId) {
      const parent = trace.getSpanContext(context);
      const ot = otState(parent?.traceState);
      warnOfUnknown(parent, ot);
      const kept = keeps(randomnessOf(traceId, ot), threshold);
      if (kept && parent?.traceState === undefined) return keptAlone;
      return verdict(kept, parent?.traceState, kept ? threshold : undefined);
    },
    toString: () => `ProbabilitySampler{${share}}`,
  };
}
