// The entry `@otlpkit/telemetry/traces`: a pipeline's traces of itself.
export { type PipelineTracer, pipelineTracer, type PipelineTracerOptions } from "./pipeline-tracer.ts";
export type { Attributes } from "./own-span.ts";
