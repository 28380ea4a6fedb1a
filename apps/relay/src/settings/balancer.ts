import { hostname } from "node:os";
import {
  check,
  choice,
  duration,
  flag,
  integer,
  list,
  number,
  optional,
  or,
  present,
  section,
  type SectionOf,
  text,
} from "@otlpkit/config";
import type { Balancer } from "@otlpkit/core";
import type { HealthCheckOptions, Key, RouteOptions } from "@otlpkit/balancer";

const keyNames = ["trace_id", "service", "resource", "metric", "stream", "tenant", "header"] as const;

const keys = {
  type: or(
    choice("round_robin", "weighted_round_robin", "least_connections", "peak_ewma", "consistent_hash", "ring_hash"),
    "peak_ewma",
  ),
  /** What belongs together, for the two by hash. */
  key: or(choice(...keyNames), "trace_id"),
  /** Of the resource for `key: resource`; the header's name for `key: header`. */
  attributes: list(text),
  header: optional(text),
  load_factor: optional(number({ min: 1 })),
  /** Where we are, to prefer neighbours. */
  zone: optional(text),
  /** To how many of the endpoints this relay goes. */
  subset_size: optional(integer({ min: 1 })),
  max_attempts: optional(integer({ min: 1 })),
  attempt_timeout: optional(duration),
  panic_threshold: optional(number({ min: 0, max: 100 })),
  slow_start: optional(duration),
  outlier_detection: section({
    enabled: or(flag, true),
    consecutive_failures: optional(integer({ min: 0 })),
    interval: optional(duration),
    base_ejection_time: optional(duration),
    max_ejection_time: optional(duration),
    max_ejection_percent: optional(number({ min: 0, max: 100 })),
  }),
  circuit_breaker: section({ enabled: or(flag, true) }),
  health_check: present(
    section({
      type: or(choice("grpc", "http", "tcp"), "grpc"),
      path: optional(text),
      port: optional(integer({ min: 1, max: 65_535 })),
      interval: optional(duration),
      timeout: optional(duration),
      rise: optional(integer({ min: 1 })),
      fall: optional(integer({ min: 1 })),
    }),
  ),
  pool: section({
    max_connections: optional(integer({ min: 1 })),
    max_in_flight: optional(integer({ min: 1 })),
    max_pending: optional(integer({ min: 0 })),
    idle_timeout: optional(duration),
    max_age: optional(duration),
  }),
};

/** `balancer` (ours): who of the endpoints gets what. */
export const balancerConfig = check(section(keys), ({ key, attributes, header }) => {
  if (key === "resource" && attributes.length === 0) return "key: resource needs attributes, such as [service.name]";
  return key === "header" && header === undefined
    ? "key: header needs header, the name of one that is sent onward"
    : undefined;
});
export type BalancerConfig = SectionOf<typeof keys>;

/** Whether batches are cut by what belongs together, so that they must be readable until an endpoint is chosen. */
export function readsBatches({ type }: BalancerConfig): boolean {
  return type === "consistent_hash" || type === "ring_hash";
}

/** The balancer, and how a route with it behaves; `timeoutMs` is for an attempt unless the balancer says another. @throws RangeError when numbers make no sense */
export async function balancerOf(
  config: BalancerConfig,
  timeoutMs: number,
): Promise<{ readonly balancer: Balancer; readonly options: RouteOptions }> {
  const rooms = await import("@otlpkit/balancer");
  const { zone, subset_size: size } = config;
  let balancer = choose(config, rooms);
  if (zone !== undefined) balancer = rooms.preferZone(balancer, { zone });
  if (size !== undefined) balancer = rooms.subset(balancer, { clientId: hostname(), size });
  return { balancer, options: routeOptions(config, timeoutMs, rooms) };
}

type Rooms = typeof import("@otlpkit/balancer");

function choose(config: BalancerConfig, rooms: Rooms): Balancer {
  const { type, load_factor: loadFactor } = config;
  switch (type) {
    case "round_robin":
      return rooms.roundRobin();
    case "weighted_round_robin":
      return rooms.weightedRoundRobin();
    case "least_connections":
      return rooms.leastConnections();
    case "peak_ewma":
      return rooms.peakEwma();
    default:
      return rooms.consistentHash({
        key: keyOf(config, rooms),
        method: type === "ring_hash" ? "ring" : "rendezvous",
        ...(loadFactor === undefined ? {} : { loadFactor }),
      });
  }
}

function keyOf({ key, attributes, header }: BalancerConfig, rooms: Rooms): Key {
  switch (key) {
    case "trace_id":
      return rooms.byTraceId();
    case "service":
      return rooms.byResource();
    case "resource":
      return rooms.byResource(...attributes);
    case "metric":
      return rooms.byMetric();
    case "stream":
      return rooms.byMetricStream();
    case "tenant":
      return rooms.byTenant();
    default:
      return rooms.byHeader(header ?? "");
  }
}

function routeOptions(config: BalancerConfig, timeoutMs: number, rooms: Rooms): RouteOptions {
  const { outlier_detection: outlier, pool } = config;
  return {
    ...given({
      maxAttempts: config.max_attempts,
      attemptTimeoutMs: config.attempt_timeout ?? (timeoutMs > 0 ? timeoutMs : undefined),
      panicThreshold: config.panic_threshold,
    }),
    ...(config.slow_start === undefined ? {} : { slowStart: { windowMs: config.slow_start } }),
    outlierDetection:
      outlier.enabled &&
      given({
        consecutiveFailures: outlier.consecutive_failures,
        intervalMs: outlier.interval,
        baseEjectionMs: outlier.base_ejection_time,
        maxEjectionMs: outlier.max_ejection_time,
        maxEjectionPercent: outlier.max_ejection_percent,
      }),
    circuitBreaker: config.circuit_breaker.enabled && {},
    ...(config.health_check === undefined ? {} : { healthCheck: healthCheckOf(config.health_check, rooms) }),
    pool: given({
      maxConnections: pool.max_connections,
      maxInFlight: pool.max_in_flight,
      maxPending: pool.max_pending,
      idleTimeoutMs: pool.idle_timeout,
      maxAgeMs: pool.max_age,
    }),
  };
}

function healthCheckOf(config: NonNullable<BalancerConfig["health_check"]>, rooms: Rooms): HealthCheckOptions {
  const { type, path, port, interval, timeout, rise, fall } = config;
  const where = given({ port });
  const check =
    type === "grpc"
      ? rooms.grpcCheck(where)
      : type === "tcp"
        ? rooms.tcpCheck(where)
        : rooms.httpCheck({ ...where, ...given({ path }) });
  return { check, ...given({ intervalMs: interval, timeoutMs: timeout, rise, fall }) };
}

/** Only what was said, so that defaults stay where they are. */
function given<T extends Readonly<Record<string, unknown>>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
