/** How an endpoint that is new, or well again, comes to its full share. */
export interface SlowStartOptions {
  /** After so many ms it has its full weight. Default 30,000; 0: at once. */
  readonly windowMs?: number;
  /** The part of its weight that it begins with, from 0 to 1. Default 0.1. */
  readonly minWeight?: number;
  /** 1 grows evenly; more gets much early on, the `aggression` of Envoy. Default 1, above 0. */
  readonly aggression?: number;
}

/** Options with nothing left open. */
export type SlowStart = Required<SlowStartOptions>;

/** Fills in what is not said. */
export function slowStart({ windowMs = 30_000, minWeight = 0.1, aggression = 1 }: SlowStartOptions = {}): SlowStart {
  if (!(windowMs >= 0)) throw new RangeError(`slowStart: windowMs must be 0 or more, not ${windowMs}`);
  if (!(minWeight > 0 && minWeight <= 1)) throw new RangeError(`slowStart: minWeight must be above 0 and at most 1`);
  if (!(aggression > 0)) throw new RangeError(`slowStart: aggression must be above 0, not ${aggression}`);
  return { windowMs, minWeight, aggression };
}

/** Weights change in so many steps over the window, because each makes a new list of candidates. */
const steps = 20;

/** The part of its weight that an endpoint has so long after it started: Envoy's `max(min, (t / window)^(1 / aggression))`. */
export function slowStartFactor({ windowMs, minWeight, aggression }: SlowStart, elapsedMs: number): number {
  if (elapsedMs >= windowMs) return 1;
  const passed = Math.floor((elapsedMs / windowMs) * steps) / steps;
  return Math.max(minWeight, passed ** (1 / aggression));
}

/** How long until the factor is another one; `Infinity` when it stays. */
export function nextStepMs({ windowMs }: SlowStart, elapsedMs: number): number {
  if (elapsedMs >= windowMs) return Infinity;
  const step = windowMs / steps;
  return (Math.floor(elapsedMs / step) + 1) * step - elapsedMs;
}
