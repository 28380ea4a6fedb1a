import { type Sampler, trace } from "@opentelemetry/api";
import { otState } from "./ot-state.ts";
import { verdict } from "./verdict.ts";

/** Keeps every span, whatever the parent says. */
export function alwaysOn(): Sampler {
  return {
    shouldSample(context) {
      const state = trace.getSpanContext(context)?.traceState;
      // Where the parent says with which threshold it was sampled, that no longer holds: this one is "0".
      return verdict(true, state, otState(state).threshold === undefined ? undefined : "0");
    },
    toString: () => "AlwaysOnSampler",
  };
}

/** Keeps no span. */
export function alwaysOff(): Sampler {
  return {
    shouldSample: (context) => verdict(false, trace.getSpanContext(context)?.traceState),
    toString: () => "AlwaysOffSampler",
  };
}
