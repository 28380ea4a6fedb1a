export { route, type RoutedSender } from "./route.ts";
export type { RouteOptions } from "./route-options.ts";
export type { EndpointFacts, EndpointState, RouteEvent } from "./route-event.ts";

// Who is chosen.
export { roundRobin, type RoundRobinOptions } from "./round-robin.ts";
export { weightedRoundRobin } from "./weighted-round-robin.ts";
export { leastConnections, type LeastConnectionsOptions } from "./least-connections.ts";
export { peakEwma, type PeakEwmaOptions } from "./peak-ewma.ts";
export { consistentHash, type ConsistentHashOptions } from "./consistent-hash.ts";
export { preferZone, type PreferZoneOptions } from "./prefer-zone.ts";
export { subset, type SubsetOptions } from "./subset.ts";

// What belongs together.
export type { Key } from "./key.ts";
export { byTraceId } from "./by-trace-id.ts";
export { byResource, byWholeResource } from "./by-resource.ts";
export { byAttributes } from "./by-attributes.ts";
export { byMetric, byMetricStream } from "./by-metric.ts";
export { byHeader, byTenant } from "./by-batch.ts";

// Who is well.
export type {
  EjectionReason,
  FailurePercentageOptions,
  OutlierOptions,
  SuccessRateOptions,
} from "./health/outlier-detection.ts";
export type { BreakerOptions, BreakerState } from "./health/circuit-breaker.ts";
export type { HealthCheck, HealthCheckOptions } from "./health/health-check.ts";
export { grpcCheck, type GrpcCheckOptions } from "./health/grpc-check.ts";
export { httpCheck, type HttpCheckOptions } from "./health/http-check.ts";
export { tcpCheck, type TcpCheckOptions } from "./health/tcp-check.ts";
export type { CheckTls } from "./health/check-address.ts";
export type { SlowStartOptions } from "./slow-start.ts";
export type { PoolOptions } from "./connection-pool.ts";
export type { SetTimer } from "./timer.ts";
