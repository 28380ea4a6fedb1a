// Everything at once.
export { type Globals, registerGlobals } from "./register-globals.ts";
// Traces.
export {
  type ClientTracerProvider,
  type SpanClient,
  tracerProvider,
  type TracerProviderOptions,
} from "./trace/tracer-provider.ts";
export type { SpanLimits } from "./trace/span-limits.ts";
export type { IdGenerator } from "./trace/ids.ts";
// Which spans are kept.
export { alwaysOff, alwaysOn } from "./sampling/always.ts";
export { parentBased, type ParentBasedSamplers } from "./sampling/parent-based.ts";
export { probability, type ProbabilityOptions } from "./sampling/probability.ts";
export { traceIdRatioBased } from "./sampling/trace-id-ratio-based.ts";
export { type SamplerName, samplerOf } from "./sampling/sampler-of.ts";
export { type DownstreamVerdict, equalizing, proportional, type SampledSpan } from "./sampling/downstream.ts";
export { adjustedCountOf, probabilityOf, thresholdOf } from "./sampling/threshold.ts";
// From function to function, and from process to process.
export { contextManager } from "#context";
export { traceContextPropagator } from "./propagation/trace-context-propagator.ts";
export { baggagePropagator } from "./propagation/baggage-propagator.ts";
export { compositePropagator } from "./propagation/composite-propagator.ts";
// Metrics and logs.
export { type ClientMeterProvider, meterProvider } from "./metrics/meter-provider.ts";
export type { MeterProviderOptions, MetricClient } from "./metrics/meter-provider-options.ts";
export type { HistogramAggregation } from "./metrics/metric.ts";
export type { MetricView, MetricViews } from "./metrics/view.ts";
export type { TemporalityPreference } from "../settings/temporality.ts";
export {
  type ClientLoggerProvider,
  type LogClient,
  loggerProvider,
  type LoggerProviderOptions,
} from "./logs/logger-provider.ts";
export type { LogRecordLimits } from "./logs/log-record-limits.ts";
export type { Logger, LoggerOptions, LoggerProvider, LogRecord } from "./logs/logs-api.ts";
export { registerApiLogs } from "./logs/register-api-logs.ts";
