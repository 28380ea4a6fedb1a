export { type Counter, type Gauge, type Histogram, type Labels, type Metrics, metrics } from "./metrics.ts";
export type { MetricFamily, Sample } from "./metrics.ts";
export { type Fields, type Level, levels, type Log, log, type LogOptions } from "./log.ts";
export { type Health, health, type HealthReport, type HealthReporter, type HealthState } from "./health.ts";
export { serveStatus, type StatusOptions, type StatusServer } from "./status-server.ts";
export { batchSizeMetrics, exporterMetrics, measured, type Outcome, receiverMetrics } from "./measured.ts";
export { bySignal, itemNames } from "./measured.ts";
export { processMetrics } from "./process-metrics.ts";
export { type Exposition, expose } from "./exposition.ts";
