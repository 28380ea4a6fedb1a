import { isSpanContextValid, type Sampler, type SpanContext, trace, TraceFlags } from "@opentelemetry/api";
import { otState, randomnessOf } from "./ot-state.ts";
import { keeps } from "./threshold.ts";
import { verdict } from "./verdict.ts";

/** Who decides, by the parent of the span. */
export interface ParentBasedSamplers {
  /** For spans without a parent: where a trace begins. */
  readonly root: Sampler;
  /** The parent is in another process and was sampled. Default: so is the span. */
  readonly remoteParentSampled?: Sampler;
  /** The parent is in another process and was not sampled. Default: nor is the span. */
  readonly remoteParentNotSampled?: Sampler;
  /** The parent is in this process and was sampled. Default: so is the span. */
  readonly localParentSampled?: Sampler;
  /** The parent is in this process and was not sampled. Default: nor is the span. */
  readonly localParentNotSampled?: Sampler;
}

/**
 * Does with a span what was done with its parent, so that traces are whole, and asks `root` where there is none.
 *
 * What a parent was sampled with is handed on, unless it contradicts that the parent was sampled (N2-17).
 */
export function parentBased(samplers: ParentBasedSamplers): Sampler {
  const {
    root,
    remoteParentSampled = asRemoteParent(true),
    remoteParentNotSampled = asRemoteParent(false),
    localParentSampled = asLocalParent(true),
    localParentNotSampled = asLocalParent(false),
  } = samplers;

  function responsible(parent: SpanContext | undefined): Sampler {
    if (parent === undefined || !isSpanContextValid(parent)) return root;
    const sampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
    if (parent.isRemote === true) return sampled ? remoteParentSampled : remoteParentNotSampled;
    return sampled ? localParentSampled : localParentNotSampled;
  }

  return {
    shouldSample: (context, ...span) => responsible(trace.getSpanContext(context)).shouldSample(context, ...span),
    toString() {
      const arms = { root, remoteParentSampled, remoteParentNotSampled, localParentSampled, localParentNotSampled };
      return `ParentBased{${Object.entries(arms)
        .map(([arm, sampler]) => `${arm}=${sampler.toString()}`)
        .join(", ")}}`;
    },
  };
}

function asRemoteParent(sampled: boolean): Sampler {
  return {
    shouldSample(context, traceId) {
      const state = trace.getSpanContext(context)?.traceState;
      const ot = otState(state);
      const holds = sampled && ot.threshold !== undefined && keeps(randomnessOf(traceId, ot), ot.threshold);
      return verdict(sampled, state, holds ? ot.threshold : undefined);
    },
    toString: () => nameOf(sampled),
  };
}

/** What a parent here hands on was looked at when it was sampled itself. */
function asLocalParent(sampled: boolean): Sampler {
  return { shouldSample: () => verdict(sampled, undefined), toString: () => nameOf(sampled) };
}

function nameOf(sampled: boolean): string {
  return sampled ? "AlwaysOnSampler" : "AlwaysOffSampler";
}
