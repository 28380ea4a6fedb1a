import type { Batch, ExportError, Signal } from "@otlpkit/core";
import type { BreakerState } from "./health/circuit-breaker.ts";
import type { EjectionReason } from "./health/outlier-detection.ts";

/** Something happened on a route; for metrics and logs. Endpoints go by their ids. */
export type RouteEvent =
  /** The registry has said who there is. */
  | {
      readonly kind: "endpoints";
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly known: number;
    }
  /** The registry broke its promise never to fail; the last list stands. */
  | { readonly kind: "registry-failed"; readonly error: Error }
  /** An attempt begins; `attempt` counts from 1 for each part of a batch. */
  | {
      readonly kind: "picked";
      readonly endpoint: string;
      readonly signal: Signal;
      readonly items: number;
      readonly attempt: number;
    }
  /**
   * An attempt failed. `goesOn` says whether another endpoint is tried, which may deliver the items twice when they
   * `mayHaveArrived` at this one.
   */
  | {
      readonly kind: "failed";
      readonly endpoint: string;
      readonly batch: Batch;
      readonly error: ExportError;
      readonly mayHaveArrived: boolean;
      readonly goesOn: boolean;
    }
  | { readonly kind: "ejected"; readonly endpoint: string; readonly reason: EjectionReason; readonly forMs: number }
  /** It is back after an ejection, an open breaker or bad health checks. */
  | { readonly kind: "restored"; readonly endpoint: string }
  | { readonly kind: "breaker"; readonly endpoint: string; readonly state: BreakerState }
  /** Health checks have taken it out. */
  | { readonly kind: "down"; readonly endpoint: string; readonly error: Error }
  /** It asked not to be called for a while. */
  | { readonly kind: "held"; readonly endpoint: string; readonly forMs: number }
  /** Too few are fit, so that all are used; or that is over. */
  | { readonly kind: "panic"; readonly isPanic: boolean; readonly fit: number; readonly known: number };

/** How an endpoint stands. The first that applies, from the end: it may be ejected and draining at once. */
export type EndpointState = "ready" | "starting" | "held" | "half-open" | "open" | "ejected" | "down" | "draining";

/** One endpoint, as a status page shows it. */
export interface EndpointFacts {
  readonly id: string;
  readonly url: string;
  readonly state: EndpointState;
  readonly weight: number;
  /** Attempts under way. */
  readonly inFlight: number;
  readonly latencyMs: number | undefined;
  readonly connections: number;
}
