import type { RecordedExponentialHistogram } from "@otlpkit/otlp";
import { type Aggregation, type AggregationKind, dataPointTypes } from "./aggregation.ts";
import { exponentIndex } from "./exponent-index.ts";

/** The limits of an exponential histogram. */
export interface ExponentialHistogramOptions {
  /** No more buckets than this: before there are more, two become one. Default 160, as the specification has it. */
  readonly maxSize?: number;
  /** The scale to begin with, which is as narrow as buckets get. Default 20, as the specification has it. */
  readonly maxScale?: number;
}

/**
 * Counts values in buckets that grow exponentially, as narrow as the range of the values allows. Takes values from 0, as
 * histograms do.
 */
export function exponentialHistogram(options: ExponentialHistogramOptions = {}): AggregationKind {
  const { maxSize = 160, maxScale = 20 } = options;
  return {
    dataPointType: dataPointTypes.exponentialHistogram,
    start: () => new ExponentialHistogram(maxSize, maxScale),
  };
}

class ExponentialHistogram implements Aggregation {
  readonly #maxSize: number;
  #scale: number;
  /** Counts of the buckets from `#offset` on; neither the first nor the last is 0. */
  #counts: number[] = [];
  #offset = 0;
  #zeroCount = 0;
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(maxSize: number, maxScale: number) {
    this.#maxSize = maxSize;
    this.#scale = maxScale;
  }

  record(value: number): void {
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (value === 0) this.#zeroCount++;
    else this.#countIn(value);
  }

  value(): RecordedExponentialHistogram {
    return {
      count: this.#count,
      sum: this.#sum,
      ...(this.#count > 0 && { min: this.#min, max: this.#max }),
      scale: this.#scale,
      zeroCount: this.#zeroCount,
      positive: { offset: this.#offset, bucketCounts: [...this.#counts] },
      negative: { offset: 0, bucketCounts: [] },
    };
  }

  #countIn(value: number): void {
    let index = exponentIndex(value, this.#scale);
    const counts = this.#counts;
    if (counts.length === 0) this.#offset = index;
    const lowest = Math.min(index, this.#offset);
    const highest = Math.max(index, this.#offset + counts.length - 1);
    const halvings = this.#halvingsToFit(lowest, highest);
    if (halvings > 0) {
      this.#halve(halvings);
      index = exponentIndex(value, this.#scale);
    }
    this.#increment(index);
  }

  #increment(index: number): void {
    while (index < this.#offset) {
      this.#counts.unshift(0);
      this.#offset--;
    }
    const at = index - this.#offset;
    while (at >= this.#counts.length) this.#counts.push(0);
    (this.#counts[at] as number)++;
  }

  /** How often buckets must be joined in pairs until those from `lowest` to `highest` are no more than allowed. */
  #halvingsToFit(lowest: number, highest: number): number {
    let halvings = 0;
    while ((highest >> halvings) - (lowest >> halvings) >= this.#maxSize) halvings++;
    return halvings;
  }

  #halve(times: number): void {
    const offset = this.#offset >> times;
    const counts: number[] = [];
    for (const [position, count] of this.#counts.entries()) {
      const index = ((this.#offset + position) >> times) - offset;
      counts[index] = (counts[index] ?? 0) + count;
    }
    this.#counts = counts;
    this.#offset = offset;
    this.#scale -= times;
  }
}
