import type { Variables } from "./variables.ts";

/** The ways to hand a context on that there are here. */
export type PropagatorName = "tracecontext" | "baggage";

const names: readonly PropagatorName[] = ["tracecontext", "baggage"];

/** What `OTEL_PROPAGATORS` lists, each once. Default both; "none" is none. */
export function propagatorsIn(read: Variables): readonly PropagatorName[] {
  const listed = read.several("OTEL_PROPAGATORS", [...names, "none"]) ?? names;
  return listed.filter((name) => name !== "none");
}
