import type { Signal } from "@otlpkit/core";

/**
 * Where the items of a signal are: the field numbers that lead from the request to an item. The same three steps for
 * all (resource, scope, item), but for metrics, whose points lie two deeper: metric, then the arm of its oneof.
 *
 * A test holds these numbers against the schema.
 */
export interface Levels {
  /** Field of the container at each level: resource, scope, and for metrics metric. The last is the item's own field. */
  readonly path: readonly number[];
  /** For metrics: the fields of Metric that hold points, one of which may be set. They stand between metric and point. */
  readonly arms: readonly number[];
  /** Whether requests may be joined and cut. Profiles share one dictionary and may not (M-36). */
  readonly divisible: boolean;
}

/** Gauge, sum, histogram, exponential histogram, summary: fields of Metric. */
const arms = [5, 7, 9, 10, 11];

export const levels: Readonly<Record<Signal, Levels>> = {
  traces: { path: [1, 2, 2], arms: [], divisible: true },
  logs: { path: [1, 2, 2], arms: [], divisible: true },
  metrics: { path: [1, 2, 2, 1], arms, divisible: true },
  profiles: { path: [1, 2, 2], arms: [], divisible: false },
};

/** Whether a field of Metric is an arm of its oneof. */
export function isArm(field: number): boolean {
  return field >= 5 && field <= 11 && field !== 6 && field !== 8;
}
