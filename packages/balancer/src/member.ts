import { type Candidate, type Endpoint, ExportError, type Sender, type Transport } from "@otlpkit/core";
import { type ConnectionPool, connectionPool } from "./connection-pool.ts";
import { type CircuitBreaker, circuitBreaker } from "./health/circuit-breaker.ts";
import { type OutlierRecord, outlierRecord } from "./health/outlier-detection.ts";
import { type Latency, latency } from "./latency.ts";
import type { EndpointFacts, EndpointState } from "./route-event.ts";
import type { RouteSettings } from "./route-options.ts";
import { nextStepMs, slowStartFactor } from "./slow-start.ts";

/** An endpoint with all that is known of it. It stays the same object as long as the registry names its id. */
export class Member implements Candidate {
  readonly id: string;
  endpoint: Endpoint;
  weight: number;
  inFlight: number = 0;
  readonly latency: Latency;
  readonly outlier: OutlierRecord = outlierRecord();
  readonly breaker: CircuitBreaker | undefined;
  /** Health checks say that it is down. */
  isDown = false;
  /** It asked not to be called until then. */
  heldUntilMs = 0;
  /** When it began to come to its full share. */
  startedAtMs: number = -Infinity;
  /** The registry names it no more. */
  isRemoved = false;
  stopChecking: () => void = () => {};
  private connectionPool: ConnectionPool;
  private readonly transport: Transport;
  private readonly settings: RouteSettings;

  constructor(id: string, endpoint: Endpoint, transport: Transport, settings: RouteSettings) {
    this.id = id;
    this.endpoint = endpoint;
    this.weight = endpoint.weight ?? 1;
    this.transport = transport;
    this.settings = settings;
    this.latency = latency(settings.latencyTauMs, settings.now);
    this.breaker = settings.circuitBreaker && circuitBreaker(settings.circuitBreaker, settings.random);
    this.connectionPool = this.openPool();
  }

  get latencyMs(): number | undefined {
    return this.latency.value();
  }

  get pool(): ConnectionPool {
    return this.connectionPool;
  }

  /** Takes what the registry now says. Returns the connections to where it was before, if it has moved. */
  move(endpoint: Endpoint): ConnectionPool | undefined {
    const before = this.endpoint.url;
    this.endpoint = endpoint;
    if (endpoint.url === before) return undefined;
    const old = this.connectionPool;
    this.connectionPool = this.openPool();
    return old;
  }

  isFit(nowMs: number): boolean {
    return !this.isDown && this.outlier.ejectedUntilMs === 0 && (this.breaker?.allows(nowMs) ?? true);
  }

  /** Sets the weight of the moment. */
  weigh(nowMs: number): void {
    this.weight = (this.endpoint.weight ?? 1) * slowStartFactor(this.settings.slowStart, nowMs - this.startedAtMs);
  }

  /** When something about it changes by itself. */
  changesAtMs(nowMs: number): number {
    const { ejectedUntilMs } = this.outlier;
    const breakerAtMs = this.breaker?.opensAgainAtMs ?? Infinity;
    return Math.min(
      ejectedUntilMs === 0 ? Infinity : ejectedUntilMs,
      breakerAtMs > nowMs ? breakerAtMs : Infinity,
      this.heldUntilMs > nowMs ? this.heldUntilMs : Infinity,
      nowMs + nextStepMs(this.settings.slowStart, nowMs - this.startedAtMs),
    );
  }

  stateAt(nowMs: number): EndpointState {
    if (this.isRemoved || this.endpoint.draining === true) return "draining";
    if (this.isDown) return "down";
    if (this.outlier.ejectedUntilMs !== 0) return "ejected";
    const breaker = this.breaker?.stateAt(nowMs) ?? "closed";
    if (breaker !== "closed") return breaker;
    if (this.heldUntilMs > nowMs) return "held";
    return nowMs - this.startedAtMs < this.settings.slowStart.windowMs ? "starting" : "ready";
  }

  factsAt(nowMs: number): EndpointFacts {
    const { id, weight, inFlight, latencyMs, endpoint, pool } = this;
    const { connections } = pool;
    return { id, url: endpoint.url, state: this.stateAt(nowMs), weight, inFlight, latencyMs, connections };
  }

  private openPool(): ConnectionPool {
    const { endpoint, transport, settings, id } = this;
    const connect = (): Sender => {
      try {
        return transport.connect(endpoint);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        // Not the fault of what is to be sent, which another endpoint may take.
        throw new ExportError("unavailable", `cannot connect to ${id}: ${reason}`, { cause: ExportError.from(cause) });
      }
    };
    return connectionPool(connect, id, settings.pool, settings);
  }
}
