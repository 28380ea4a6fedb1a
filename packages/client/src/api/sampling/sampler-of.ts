import type { Sampler } from "@opentelemetry/api";
import { alwaysOff, alwaysOn } from "./always.ts";
import { parentBased } from "./parent-based.ts";
import { probability } from "./probability.ts";
import { traceIdRatioBased } from "./trace-id-ratio-based.ts";

/** The samplers that `OTEL_TRACES_SAMPLER` can name (I-39), and `probability`, which is not in its list yet. */
export type SamplerName =
  | "always_on"
  | "always_off"
  | "traceidratio"
  | "probability"
  | "parentbased_always_on"
  | "parentbased_always_off"
  | "parentbased_traceidratio"
  | "parentbased_probability";

/**
 * The sampler of this name, as `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` say it.
 *
 * @param argument the ratio, from 0 to 1, of samplers that have one. Default 1.
 * @throws RangeError for a name that is none, or a ratio that is none.
 */
export function samplerOf(name: string, argument?: string): Sampler {
  if (!Object.hasOwn(samplers, name)) {
    throw new RangeError(`cannot sample by "${name}": the names are ${Object.keys(samplers).join(", ")}`);
  }
  const ratio = argument === undefined || argument.trim() === "" ? 1 : Number(argument);
  return samplers[name as SamplerName](ratio);
}

const samplers: Readonly<Record<SamplerName, (ratio: number) => Sampler>> = {
  always_on: () => alwaysOn(),
  always_off: () => alwaysOff(),
  traceidratio: traceIdRatioBased,
  probability: share,
  parentbased_always_on: () => parentBased({ root: alwaysOn() }),
  parentbased_always_off: () => parentBased({ root: alwaysOff() }),
  parentbased_traceidratio: (ratio) => parentBased({ root: traceIdRatioBased(ratio) }),
  parentbased_probability: (ratio) => parentBased({ root: share(ratio) }),
};

/** 0 is no probability, but whoever writes it means it. */
function share(ratio: number): Sampler {
  return ratio === 0 ? alwaysOff() : probability(ratio);
}
