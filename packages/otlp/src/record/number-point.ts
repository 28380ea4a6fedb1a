import type { ItemFields } from "./item-fields.ts";
import { count, double, fixed64 } from "./number-fields.ts";
import { fitsInteger, PointFields } from "./point-fields.ts";
import type { RecordedPoint } from "./recorded-metrics.ts";

/** Writes the points of gauges and sums, without tag and length. */
export class NumberPoint {
  readonly #point: PointFields;

  constructor(fields: ItemFields) {
    this.#point = new PointFields(fields, 0x3a);
  }

  /** A value that is no integer of 64 bits goes as a double, also in a metric of integers. */
  write(at: number, point: RecordedPoint, isInteger: boolean): number {
    const { output } = this.#point.fields;
    const value = point.value as number | bigint;
    const asInteger = isInteger && fitsInteger(value);
    let end = this.#point.times(at, point);
    if (!asInteger) end = double(output.view, end, 0x21, Number(value));
    end = this.#point.exemplars(end, 0x2a, point, isInteger);
    if (asInteger) end = fixed64(output.view, end, 0x31, value);
    end = this.#point.attributes(end, point);
    return count(output.bytes, end, 0x40, point.flags);
  }
}
