/**
 * The kinds of telemetry that OTLP carries. Each has its own service, path and request message.
 *
 * Profiles are in development: their requests carry one shared dictionary, so they pass through whole and are never
 * joined or cut (M-36).
 */
export type Signal = "traces" | "metrics" | "logs" | "profiles";

/** What the protocol fixes for one signal. */
export interface SignalFacts {
  /** Default path of OTLP/HTTP, with the leading slash (C-05, K-02). */
  readonly httpPath: string;
  /** `:path` of the unary gRPC call. */
  readonly grpcPath: string;
  /** What one item is called, in the plural: "spans", "data points", "log records", "profiles". */
  readonly items: string;
}

const services = "/opentelemetry.proto.collector";

/** Everything known about a signal, in one entry; code below is handed the entry and never switches on the name. */
export const signals: Readonly<Record<Signal, SignalFacts>> = {
  traces: { httpPath: "/v1/traces", grpcPath: `${services}.trace.v1.TraceService/Export`, items: "spans" },
  metrics: { httpPath: "/v1/metrics", grpcPath: `${services}.metrics.v1.MetricsService/Export`, items: "data points" },
  logs: { httpPath: "/v1/logs", grpcPath: `${services}.logs.v1.LogsService/Export`, items: "log records" },
  profiles: {
    httpPath: "/v1development/profiles",
    grpcPath: `${services}.profiles.v1development.ProfilesService/Export`,
    items: "profiles",
  },
};

/** The signals in the order in which people name them. */
export const signalNames: readonly Signal[] = ["traces", "metrics", "logs", "profiles"];
