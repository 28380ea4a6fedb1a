import { type Pool, poolOptions, type PoolOptions } from "./connection-pool.ts";
import { type Breaker, type BreakerOptions, breakerOptions } from "./health/circuit-breaker.ts";
import { type HealthCheckOptions, healthCheckOptions, type HealthChecks } from "./health/health-check.ts";
import { type OutlierDetection, outlierDetection, type OutlierOptions } from "./health/outlier-detection.ts";
import type { RouteEvent } from "./route-event.ts";
import { type SlowStart, slowStart, type SlowStartOptions } from "./slow-start.ts";
import { quietTimer, type SetTimer } from "./timer.ts";

/** Options of `route`. */
export interface RouteOptions {
  /**
   * Endpoints that are tried for one send, or for one part of it, at most. Default 3. Whoever wants more puts `retry` in
   * front, which waits between.
   */
  readonly maxAttempts?: number;
  /**
   * How often a send may be tried again elsewhere although the attempt may have arrived: no answer came in time, or the
   * connection broke before it. Each may deliver the same items to two endpoints. Default 1.
   */
  readonly maxRepeats?: number;
  /**
   * Time for one attempt in ms, so that an endpoint that says nothing leaves time for another. Default 10,000, what OTLP
   * exporters allow by default; the deadline of the send bounds all attempts.
   */
  readonly attemptTimeoutMs?: number;
  /** How long a send waits for the registry's first list in ms, deadline or not. Default 10,000. */
  readonly firstListMs?: number;
  /** Ejects who keeps failing, judged by the requests that it gets; `false`: nobody. */
  readonly outlierDetection?: OutlierOptions | false;
  /** Leaves alone who fails in part; `false`: nobody. */
  readonly circuitBreaker?: BreakerOptions | false;
  /** Asks endpoints how they are. Default: nobody is asked. */
  readonly healthCheck?: HealthCheckOptions;
  /** New endpoints, and those that are back, come to their share step by step. */
  readonly slowStart?: SlowStartOptions;
  /**
   * When less than this part of the endpoints is fit, in percent, all are used: better a part of what is sent fails, and
   * is tried elsewhere, than that the few are overrun. Default 50; 0: never, and sends fail when nobody is fit.
   */
  readonly panicThreshold?: number;
  /** Connections to each endpoint. */
  readonly pool?: PoolOptions;
  /** In what time a peak of latency is forgotten for the most part, in ms. Default 10,000. */
  readonly latencyTauMs?: number;
  /** The longest that an endpoint may ask not to be called; more is cut to this. Default 300,000. */
  readonly maxRetryAfterMs?: number;
  /** Told of everything that happens; must not throw. */
  readonly onEvent?: (event: RouteEvent) => void;
  /** The clock that deadlines are on. Default `performance.now`. */
  readonly now?: () => number;
  /** Runs something later and returns what cancels it. Default: `setTimeout` that does not keep the process alive. */
  readonly setTimer?: SetTimer;
  /** From 0 to below 1, for jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** Options with nothing left open. */
export interface RouteSettings {
  readonly maxAttempts: number;
  readonly maxRepeats: number;
  readonly attemptTimeoutMs: number;
  readonly firstListMs: number;
  readonly outlierDetection: OutlierDetection | undefined;
  readonly circuitBreaker: Breaker | undefined;
  readonly healthCheck: HealthChecks | undefined;
  readonly slowStart: SlowStart;
  readonly panicThreshold: number;
  readonly pool: Pool;
  readonly latencyTauMs: number;
  readonly maxRetryAfterMs: number;
  readonly onEvent: (event: RouteEvent) => void;
  readonly now: () => number;
  readonly setTimer: SetTimer;
  readonly random: () => number;
}

/** Fills in what is not said, and refuses what makes no sense. */
export function settle(options: RouteOptions): RouteSettings {
  const { maxAttempts = 3, maxRepeats = 1, attemptTimeoutMs = 10_000, firstListMs = 10_000 } = options;
  const { panicThreshold = 50, latencyTauMs = 10_000, maxRetryAfterMs = 300_000 } = options;
  for (const [name, value] of Object.entries({ maxAttempts, attemptTimeoutMs, firstListMs, latencyTauMs })) {
    if (!(value > 0)) throw new RangeError(`route: ${name} must be above 0, not ${value}`);
  }
  for (const [name, value] of Object.entries({ maxRepeats, panicThreshold, maxRetryAfterMs })) {
    if (!(value >= 0)) throw new RangeError(`route: ${name} must be 0 or more, not ${value}`);
  }
  const { outlierDetection: outlier = {}, circuitBreaker: breaker = {}, healthCheck } = options;
  return {
    maxAttempts,
    maxRepeats,
    attemptTimeoutMs,
    firstListMs,
    outlierDetection: outlier === false ? undefined : outlierDetection(outlier),
    circuitBreaker: breaker === false ? undefined : breakerOptions(breaker),
    healthCheck: healthCheck && healthCheckOptions(healthCheck),
    slowStart: slowStart(options.slowStart),
    panicThreshold,
    pool: poolOptions(options.pool),
    latencyTauMs,
    maxRetryAfterMs,
    onEvent: options.onEvent ?? (() => {}),
    now: options.now ?? (() => performance.now()),
    setTimer: options.setTimer ?? quietTimer,
    random: options.random ?? Math.random,
  };
}
