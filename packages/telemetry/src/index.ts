// Metrics.
export { type Metrics, metrics, type MetricsOptions } from "./metrics.ts";
export type { Counter, CounterSeries, Gauge, Histogram, Labels } from "./metrics.ts";
export type { MetricFamily, Sample } from "./metrics.ts";
export { type Exposition, expose } from "./exposition.ts";
export { measured, type Outcome } from "./measured.ts";
export { bySignal, itemNames } from "./item-counters.ts";
export { budgetMetrics, receiverMetrics, refusedRequests } from "./receiver-metrics.ts";
export { batchSizeMetrics, processorMetrics } from "./processor-metrics.ts";
export { exporterMetrics, retryMetrics } from "./exporter-metrics.ts";
export { type BalancerMetrics, balancerMetrics } from "./balancer-metrics.ts";
export { breakerMetrics, type BreakerState, concurrencyMetrics } from "./breaker-metrics.ts";
export { type QueueMetrics, queueMetrics, type QueueReading } from "./queue-metrics.ts";
export { processMetrics } from "./process-metrics.ts";
export { ownSpansDropped, tenantRefusals, unhandledErrors } from "./program-metrics.ts";
// The ledger.
export { type Account, type Book, type BookOptions, differenceOf, openBook } from "./book.ts";
export type { Place, Reasons, Settlement, Stop } from "./book.ts";
export { bookAnswers, bookDeliveries, bookRepeats, placeOf } from "./bookkeeping.ts";
export { type Balance, type Ledger, readLedger } from "./ledger.ts";
export { ledgerLines } from "./ledger-lines.ts";
export { ledgerMetrics } from "./ledger-metrics.ts";
// Health.
export { type ComponentHealth, type Health, health, type HealthReport, type HealthReporter } from "./health.ts";
export { type HealthState, takesWork } from "./health.ts";
export { type DestinationHealth, destinationHealth, type DestinationHealthOptions } from "./destination-health.ts";
export { serveStatus, type StatusOptions, type StatusServer } from "./status-server.ts";
// The monitor.
export { type AlarmEvent, type PerformanceMonitor, performanceMonitor } from "./performance-monitor.ts";
export type { PerformanceMonitorOptions, Threshold } from "./performance-monitor.ts";
export { type DiskReading, type PerformanceReader, performanceReader } from "./performance-reading.ts";
export type { PerformanceReading } from "./performance-reading.ts";
export { type Bounds, type ThresholdOptions, usualBounds, usualThresholds } from "./thresholds.ts";
export { monitorMetrics } from "./monitor-metrics.ts";
// The log.
export { type Fields, type Level, levels, type Log, log, type LogOptions } from "./log.ts";
