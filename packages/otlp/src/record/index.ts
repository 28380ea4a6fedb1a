// The entry `@otlpkit/otlp/record`: telemetry as programs record it, into bytes.
export type { RecordEncoder } from "./record-encoder.ts";
export { spanEncoder } from "./span-encoder.ts";
export { logEncoder } from "./log-encoder.ts";
export { metricEncoder } from "./metric-encoder.ts";
