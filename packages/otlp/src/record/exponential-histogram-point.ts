import { writeVarint, writeVarint64 } from "../wire.ts";
import type { ItemFields } from "./item-fields.ts";
import { count, double, doubleUnlessZero, fixed64UnlessZero, zigzag } from "./number-fields.ts";
import { PointFields } from "./point-fields.ts";
import type { RecordedBuckets, RecordedExponentialHistogram, RecordedPoint } from "./recorded-metrics.ts";

const twoTo32 = 0x1_0000_0000;

/** Writes the points of exponential histograms, without tag and length (M-25, M-27). */
export class ExponentialHistogramPoint {
  readonly #point: PointFields;
  // How many bytes the length of a list of counts took last time.
  #lengthSize = 1;

  constructor(fields: ItemFields) {
    this.#point = new PointFields(fields, 0x0a);
  }

  write(at: number, point: RecordedPoint): number {
    const { output } = this.#point.fields;
    const value = point.value as RecordedExponentialHistogram;
    let end = this.#point.attributes(at, point);
    end = this.#point.times(end, point);
    end = fixed64UnlessZero(output.view, end, 0x21, value.count);
    end = double(output.view, end, 0x29, value.sum);
    end = zigzag(output.bytes, end, 0x30, value.scale);
    end = fixed64UnlessZero(output.view, end, 0x39, value.zeroCount);
    end = this.#buckets(end, 0x42, value.positive);
    end = this.#buckets(end, 0x4a, value.negative);
    end = count(output.bytes, end, 0x50, point.flags);
    end = this.#point.exemplars(end, 0x5a, point, false);
    end = double(output.view, end, 0x61, value.min);
    end = double(output.view, end, 0x69, value.max);
    return doubleUnlessZero(output.view, end, 0x71, value.zeroThreshold);
  }

  /** Leaves room after. */
  #buckets(at: number, tag: number, { offset, bucketCounts }: RecordedBuckets): number {
    const { output } = this.#point.fields;
    output.room(at, bucketCounts.length * 10);
    const { bytes } = output;
    bytes[at] = tag;
    const reserved = this.#lengthSize;
    const start = at + 1 + reserved;
    let end = zigzag(bytes, start, 0x08, offset);
    if (bucketCounts.length > 0) {
      bytes[end] = 0x12;
      const countsAt = end + 1 + reserved;
      end = countsAt;
      for (let index = 0; index < bucketCounts.length; index++) {
        const value = bucketCounts[index] as number;
        if (value < twoTo32) end = writeVarint(bytes, end, value);
        else end = writeVarint64(bytes, end, value, Math.floor(value / twoTo32));
      }
      end = output.close(countsAt, end, reserved);
    }
    const closed = output.close(start, end, reserved);
    this.#lengthSize = reserved + closed - end;
    output.room(closed);
    return closed;
  }
}
