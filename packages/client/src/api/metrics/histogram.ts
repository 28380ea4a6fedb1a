import type { RecordedHistogram } from "@otlpkit/otlp";
import { type Aggregation, type AggregationKind, dataPointTypes } from "./aggregation.ts";

/** What the specification has for those who say nothing; made for ms. */
export const defaultBoundaries: readonly number[] = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000,
];

/** Counts how many values lie between which boundaries. A value on a boundary counts below it (M-26). */
export function histogram(boundaries: readonly number[]): AggregationKind {
  return { dataPointType: dataPointTypes.histogram, start: () => new Histogram(boundaries) };
}

/** Whether boundaries can be used: finite, and each larger than the one before. */
export function areBoundaries(boundaries: unknown): boundaries is readonly number[] {
  return (
    Array.isArray(boundaries) &&
    boundaries.every((each, index) => Number.isFinite(each) && (index === 0 || each > boundaries[index - 1]))
  );
}

class Histogram implements Aggregation {
  readonly #boundaries: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(boundaries: readonly number[]) {
    this.#boundaries = boundaries;
    this.#counts = Array.from({ length: boundaries.length + 1 }, () => 0);
  }

  record(value: number): void {
    (this.#counts[this.#bucketOf(value)] as number)++;
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  value(): RecordedHistogram {
    return {
      count: this.#count,
      sum: this.#sum,
      ...(this.#count > 0 && { min: this.#min, max: this.#max }),
      buckets: { boundaries: this.#boundaries, counts: [...this.#counts] },
    };
  }

  /** The first boundary that is not below the value, found by halving. */
  #bucketOf(value: number): number {
    let low = 0;
    let high = this.#boundaries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#boundaries[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
