import { type Aggregation, type AggregationKind, dataPointTypes } from "./aggregation.ts";

/** Adds up, as counters do. */
export const sum: AggregationKind = { dataPointType: dataPointTypes.sum, start: () => new Sum() };

class Sum implements Aggregation {
  #sum = 0;

  record(value: number): void {
    this.#sum += value;
  }

  value(): number {
    return this.#sum;
  }
}
