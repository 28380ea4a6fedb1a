import type { Verdict } from "./verdict.ts";

/** When an endpoint that fails in part is left alone, and how it is tried again. */
export interface BreakerOptions {
  /** How far back requests count, in ms. Default 10,000, in ten slices. */
  readonly windowMs?: number;
  /** Fewer requests in the window say nothing. Default 20. */
  readonly minRequests?: number;
  /** It opens when so many of a hundred fail. Default 50. */
  readonly failurePercent?: number;
  /** How long it is open at first, in ms; each time that its probes fail twice as long. Default 5,000. */
  readonly openMs?: number;
  /** The longest. Default 30,000. */
  readonly maxOpenMs?: number;
  /** The part of the time that is left to chance, so that many clients do not probe together. Default 0.2. */
  readonly jitter?: number;
  /** So many requests are let through, and must all succeed, before it closes. Default 3. */
  readonly probes?: number;
}

/** "closed" lets everything through, "open" nothing, "half-open" some to see. */
export type BreakerState = "closed" | "open" | "half-open";

/** The breaker of one endpoint. It has no timer: whoever asks brings the time. */
export interface CircuitBreaker {
  stateAt(nowMs: number): BreakerState;
  /** Whether one more request may go now. */
  allows(nowMs: number): boolean;
  /** When an open one will let the first probe through; `Infinity` while it is not open. */
  readonly opensAgainAtMs: number;
  /** A request goes. Returns whether it is a probe, which is to be told to {@link ended}. */
  began(nowMs: number): boolean;
  ended(verdict: Verdict, wasProbe: boolean, nowMs: number): void;
}

/** Options with nothing left open. */
export type Breaker = Required<BreakerOptions>;

/** Fills in what is not said. */
export function breakerOptions(options: BreakerOptions = {}): Breaker {
  const { windowMs = 10_000, minRequests = 20, failurePercent = 50, openMs = 5_000, maxOpenMs = 30_000 } = options;
  const { jitter = 0.2, probes = 3 } = options;
  for (const [name, value] of Object.entries({ windowMs, minRequests, failurePercent, openMs, maxOpenMs, probes })) {
    if (!(value > 0)) throw new RangeError(`circuitBreaker: ${name} must be above 0, not ${value}`);
  }
  if (!(jitter >= 0 && jitter <= 1)) throw new RangeError(`circuitBreaker: jitter must be from 0 to 1, not ${jitter}`);
  return { windowMs, minRequests, failurePercent, openMs, maxOpenMs, jitter, probes };
}

const slices = 10;

/** A circuit breaker over a rolling window (Nygard, "Release It!"). */
export function circuitBreaker(options: Breaker, random: () => number): CircuitBreaker {
  const { windowMs, minRequests, failurePercent, jitter, probes } = options;
  const sliceMs = windowMs / slices;
  const well = new Uint32Array(slices);
  const sick = new Uint32Array(slices);
  let slice = -Infinity;
  let openedTimes = 0;
  let openUntilMs = 0;
  let isOpen = false;
  let probing = 0;
  let passed = 0;

  /** Clears the slices that have passed, and says which is the current one. */
  function current(nowMs: number): number {
    const now = Math.floor(nowMs / sliceMs);
    for (let old = Math.max(slice + 1, now - slices + 1); old <= now; old++) {
      well[old % slices] = 0;
      sick[old % slices] = 0;
    }
    slice = Math.max(slice, now);
    return slice % slices;
  }

  function open(nowMs: number): void {
    const lengthMs = Math.min(options.openMs * 2 ** openedTimes, options.maxOpenMs);
    openUntilMs = nowMs + lengthMs * (1 + jitter * random());
    openedTimes++;
    isOpen = true;
    passed = 0;
  }

  function close(): void {
    isOpen = false;
    openedTimes = 0;
    well.fill(0);
    sick.fill(0);
  }

  function stateAt(nowMs: number): BreakerState {
    if (!isOpen) return "closed";
    return nowMs < openUntilMs ? "open" : "half-open";
  }

  return {
    stateAt,
    allows(nowMs) {
      const state = stateAt(nowMs);
      return state === "closed" || (state === "half-open" && probing + passed < probes);
    },
    get opensAgainAtMs() {
      return isOpen ? openUntilMs : Infinity;
    },
    began(nowMs) {
      if (stateAt(nowMs) !== "half-open") return false;
      probing++;
      return true;
    },
    ended(verdict, wasProbe, nowMs) {
      if (wasProbe) probing--;
      const state = stateAt(nowMs);
      // What began before it opened and ends now says nothing new.
      if (verdict === "neither" || state === "open" || (state === "half-open" && !wasProbe)) return;
      if (state === "half-open") {
        if (verdict === "sick") open(nowMs);
        else if (++passed >= probes) close();
        return;
      }
      const counts = verdict === "well" ? well : sick;
      const now = current(nowMs);
      counts[now] = (counts[now] as number) + 1;
      const failures = sum(sick);
      const all = failures + sum(well);
      if (all >= minRequests && failures * 100 >= failurePercent * all) open(nowMs);
    },
  };
}

function sum(counts: Uint32Array): number {
  let all = 0;
  for (const count of counts) all += count;
  return all;
}
