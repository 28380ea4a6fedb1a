import { writeVarint } from "../wire.ts";
import type { ItemFields } from "./item-fields.ts";
import { count, double, fixed64UnlessZero, fixed64Value } from "./number-fields.ts";
import { PointFields } from "./point-fields.ts";
import type { RecordedHistogram, RecordedPoint } from "./recorded-metrics.ts";

/** Writes the points of histograms with given boundaries, without tag and length (M-25, M-26). */
export class HistogramPoint {
  readonly #point: PointFields;

  constructor(fields: ItemFields) {
    this.#point = new PointFields(fields, 0x4a);
  }

  write(at: number, point: RecordedPoint): number {
    const { output } = this.#point.fields;
    const { buckets, count: total, sum, min, max } = point.value as RecordedHistogram;
    const { counts, boundaries } = buckets;
    let end = this.#point.times(at, point);
    end = fixed64UnlessZero(output.view, end, 0x21, total);
    end = double(output.view, end, 0x29, sum);
    end = this.#eights(end, 0x32, counts.length);
    for (let index = 0; index < counts.length; index++, end += 8) {
      fixed64Value(output.view, end, counts[index] as number);
    }
    end = this.#eights(end, 0x3a, boundaries.length);
    for (let index = 0; index < boundaries.length; index++, end += 8) {
      output.view.setFloat64(end, boundaries[index] as number, true);
    }
    end = this.#point.exemplars(end, 0x42, point, false);
    end = this.#point.attributes(end, point);
    end = count(output.bytes, end, 0x50, point.flags);
    end = double(output.view, end, 0x59, min);
    return double(output.view, end, 0x61, max);
  }

  /** Begins a packed list of so many values of eight bytes. */
  #eights(at: number, tag: number, values: number): number {
    if (values === 0) return at;
    const { output } = this.#point.fields;
    output.room(at, values * 8);
    output.bytes[at] = tag;
    return writeVarint(output.bytes, at + 1, values * 8);
  }
}
