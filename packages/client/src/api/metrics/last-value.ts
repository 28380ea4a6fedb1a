import { type Aggregation, type AggregationKind, dataPointTypes } from "./aggregation.ts";

/** Keeps what was said last, as gauges do. */
export const lastValue: AggregationKind = { dataPointType: dataPointTypes.gauge, start: () => new LastValue() };

class LastValue implements Aggregation {
  #value = 0;

  record(value: number): void {
    this.#value = value;
  }

  value(): number {
    return this.#value;
  }
}
