import type { Verdict } from "./verdict.ts";

/** When an endpoint that keeps failing is taken out for a while, judged by the requests that it gets anyway. */
export interface OutlierOptions {
  /** So many failures in a row. Default 5; 0: never. */
  readonly consecutiveFailures?: number;
  /** How often rates are looked at, in ms. Default 10,000. */
  readonly intervalMs?: number;
  /** The first ejection, in ms; the second takes twice as long, the third three times. Default 30,000. */
  readonly baseEjectionMs?: number;
  /** The longest. Default 300,000. */
  readonly maxEjectionMs?: number;
  /**
   * No more than this part of the endpoints is out at a time, in percent; one always may. Default 50: Envoy's and gRPC's
   * 10 would be one of the five that OTLP usually has. What is left when many are out is the panic threshold's business.
   */
  readonly maxEjectionPercent?: number;
  /** Those whose rate of success is far below that of the others; `false`: nobody. */
  readonly successRate?: false | SuccessRateOptions;
  /** Those that fail too often, whatever the others do; `false`: nobody. */
  readonly failurePercentage?: false | FailurePercentageOptions;
}

/** Compares endpoints with each other. */
export interface SuccessRateOptions {
  /** Out is who is below the mean less so many standard deviations. Default 1.9. */
  readonly stdevFactor?: number;
  /** So many endpoints must have had enough requests. Default 5. */
  readonly minEndpoints?: number;
  /** Requests in an interval that are enough. Default 100. */
  readonly minRequests?: number;
}

/** Compares an endpoint with a fixed bound. */
export interface FailurePercentageOptions {
  /** Out is who fails at least so often. Default 85. */
  readonly threshold?: number;
  /** So many endpoints must have had enough requests. Default 5. */
  readonly minEndpoints?: number;
  /** Requests in an interval that are enough. Default 50. */
  readonly minRequests?: number;
}

/** What is remembered of one endpoint. */
export interface OutlierRecord {
  failuresInARow: number;
  /** In the interval. */
  well: number;
  sick: number;
  /** How often it was ejected, less one for every interval since that it was in. */
  ejections: number;
  /** 0 while it is in. */
  ejectedUntilMs: number;
}

/** Why an endpoint was ejected. */
export type EjectionReason = "consecutive failures" | "success rate" | "failure percentage";

/** Outlier detection over the records of a group of endpoints. */
export interface OutlierDetection {
  readonly intervalMs: number;
  /** Takes note of an answer. Returns true when the endpoint is ejected for it. */
  note(record: OutlierRecord, verdict: Verdict, all: readonly OutlierRecord[], nowMs: number): boolean;
  /** Ends an interval: says who is ejected, and why. */
  endInterval(all: readonly OutlierRecord[], nowMs: number): ReadonlyMap<OutlierRecord, EjectionReason>;
}

/** A record of an endpoint that nobody knows anything of. */
export function outlierRecord(): OutlierRecord {
  return { failuresInARow: 0, well: 0, sick: 0, ejections: 0, ejectedUntilMs: 0 };
}

/**
 * Ejects endpoints by the rules of Envoy's outlier detection and gRPC's A50: at once after failures in a row, at the end
 * of each interval by rates. Who was ejected before is out for longer; the count falls by one with every interval in.
 */
export function outlierDetection(options: OutlierOptions = {}): OutlierDetection {
  const { consecutiveFailures = 5, intervalMs = 10_000, baseEjectionMs = 30_000, maxEjectionMs = 300_000 } = options;
  const { maxEjectionPercent = 50, successRate = {}, failurePercentage = {} } = options;
  if (!(intervalMs > 0)) throw new RangeError(`outlierDetection: intervalMs must be above 0, not ${intervalMs}`);
  if (!(baseEjectionMs > 0)) throw new RangeError(`outlierDetection: baseEjectionMs must be above 0`);

  function eject(record: OutlierRecord, all: readonly OutlierRecord[], nowMs: number): boolean {
    if (record.ejectedUntilMs !== 0) return false;
    const out = all.filter(({ ejectedUntilMs }) => ejectedUntilMs !== 0).length;
    if (out > 0 && (out + 1) * 100 > maxEjectionPercent * all.length) return false;
    record.ejections++;
    record.failuresInARow = 0;
    record.ejectedUntilMs =
      nowMs + Math.min(baseEjectionMs * record.ejections, Math.max(baseEjectionMs, maxEjectionMs));
    return true;
  }

  return {
    intervalMs,
    note(record, verdict, all, nowMs) {
      if (verdict === "well") {
        record.well++;
        record.failuresInARow = 0;
      }
      if (verdict !== "sick") return false;
      record.sick++;
      record.failuresInARow++;
      return consecutiveFailures > 0 && record.failuresInARow >= consecutiveFailures && eject(record, all, nowMs);
    },
    endInterval(all, nowMs) {
      const ejected = new Map<OutlierRecord, EjectionReason>();
      const blame = (outliers: readonly OutlierRecord[], reason: EjectionReason): void => {
        for (const record of outliers) if (eject(record, all, nowMs)) ejected.set(record, reason);
      };
      if (successRate !== false) blame(belowTheOthers(all, successRate), "success rate");
      if (failurePercentage !== false) blame(aboveThreshold(all, failurePercentage), "failure percentage");
      for (const record of all) {
        record.well = 0;
        record.sick = 0;
        if (record.ejectedUntilMs === 0 && record.ejections > 0) record.ejections--;
      }
      return ejected;
    },
  };
}

function belowTheOthers(all: readonly OutlierRecord[], options: SuccessRateOptions): readonly OutlierRecord[] {
  const { stdevFactor = 1.9, minEndpoints = 5, minRequests = 100 } = options;
  const measured = all.filter(({ well, sick }) => well + sick >= minRequests);
  if (measured.length < minEndpoints || measured.length === 0) return [];
  const rates = measured.map(({ well, sick }) => well / (well + sick));
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const stdev = Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length);
  return measured.filter((_, index) => (rates[index] as number) < mean - stdevFactor * stdev);
}

function aboveThreshold(all: readonly OutlierRecord[], options: FailurePercentageOptions): readonly OutlierRecord[] {
  const { threshold = 85, minEndpoints = 5, minRequests = 50 } = options;
  const measured = all.filter(({ well, sick }) => well + sick >= minRequests);
  if (measured.length < minEndpoints) return [];
  return measured.filter(({ well, sick }) => sick * 100 >= threshold * (well + sick));
}
