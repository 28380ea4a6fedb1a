import type { SamplerName } from "../../api/sampling/sampler-of.ts";
import type { Variables } from "./variables.ts";

/** A sampler by name, for `samplerOf`. */
export interface SamplerChoice {
  readonly name: SamplerName;
  /** The ratio, from 0 to 1, as it was written. */
  readonly argument: string | undefined;
}

const withRatio = ["traceidratio", "parentbased_traceidratio", "probability", "parentbased_probability"] as const;
const names: readonly SamplerName[] = [
  "always_on",
  "always_off",
  "parentbased_always_on",
  "parentbased_always_off",
  ...withRatio,
];

/** What `OTEL_TRACES_SAMPLER` names (I-39). The argument counts only for a sampler that was named and has one. */
export function samplerIn(read: Variables): SamplerChoice | undefined {
  const name = read.oneOf("OTEL_TRACES_SAMPLER", names);
  if (name === undefined) return undefined;
  const hasRatio = (withRatio as readonly string[]).includes(name);
  const argument = hasRatio ? read.fraction("OTEL_TRACES_SAMPLER_ARG")?.toString() : undefined;
  return { name, argument };
}
