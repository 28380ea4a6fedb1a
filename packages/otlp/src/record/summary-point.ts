import type { ItemFields } from "./item-fields.ts";
import { count, doubleUnlessZero, fixed64UnlessZero } from "./number-fields.ts";
import { PointFields } from "./point-fields.ts";
import type { RecordedPoint, RecordedSummary } from "./recorded-metrics.ts";

/** Writes the points of summaries, without tag and length. */
export class SummaryPoint {
  readonly #point: PointFields;

  constructor(fields: ItemFields) {
    this.#point = new PointFields(fields, 0x3a);
  }

  write(at: number, point: RecordedPoint): number {
    const { output } = this.#point.fields;
    const value = point.value as RecordedSummary;
    let end = this.#point.times(at, point);
    end = fixed64UnlessZero(output.view, end, 0x21, value.count);
    end = doubleUnlessZero(output.view, end, 0x29, value.sum);
    for (const each of value.quantiles) {
      output.room(end);
      const start = end + 2;
      output.bytes[end] = 0x32;
      end = doubleUnlessZero(output.view, start, 0x09, each.quantile);
      end = doubleUnlessZero(output.view, end, 0x11, each.value);
      end = output.close(start, end, 1);
    }
    end = this.#point.attributes(end, point);
    return count(output.bytes, end, 0x40, point.flags);
  }
}
