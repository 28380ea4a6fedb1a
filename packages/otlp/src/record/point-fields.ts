import type { AttributeSite } from "./attribute-fields.ts";
import type { ItemFields } from "./item-fields.ts";
import { double, fixed64 } from "./number-fields.ts";
import type { RecordedExemplar, RecordedPoint } from "./recorded-metrics.ts";

const twoTo63 = 2 ** 63;

/** What points of all kinds have. The tags differ, but for those of the times. */
export class PointFields {
  readonly fields: ItemFields;
  readonly #attributes: AttributeSite;
  readonly #filtered: AttributeSite;

  constructor(fields: ItemFields, attributesTag: number) {
    this.fields = fields;
    this.#attributes = fields.attributes.site(attributesTag);
    this.#filtered = fields.attributes.site(0x3a);
  }

  times(at: number, point: RecordedPoint): number {
    const { output, time } = this.fields;
    output.room(at);
    return time.write(time.write(at, 0x11, point.startTime), 0x19, point.endTime);
  }

  /** Leaves room after. */
  attributes(at: number, point: RecordedPoint): number {
    const { output, attributes } = this.fields;
    const end = attributes.write(at, point.attributes, this.#attributes);
    output.room(end);
    return end;
  }

  /** Leaves room after. */
  exemplars(at: number, tag: number, { exemplars }: RecordedPoint, areIntegers: boolean): number {
    let end = at;
    for (const exemplar of exemplars ?? []) end = this.#exemplar(end, tag, exemplar, areIntegers);
    this.fields.output.room(end);
    return end;
  }

  #exemplar(at: number, tag: number, exemplar: RecordedExemplar, isInteger: boolean): number {
    const { output, traceId, spanId, time, attributes } = this.fields;
    output.room(at);
    output.bytes[at] = tag;
    const start = at + 2;
    const { spanContext, value, filteredAttributes } = exemplar;
    let end = time.write(start, 0x11, exemplar.time);
    const asInteger = isInteger && fitsInteger(value);
    if (!asInteger) end = double(output.view, end, 0x19, value);
    if (spanContext) {
      end = spanId.write(end, 0x22, spanContext.spanId);
      end = traceId.write(end, 0x2a, spanContext.traceId);
    }
    if (asInteger) end = fixed64(output.view, end, 0x31, value);
    if (filteredAttributes) end = attributes.write(end, filteredAttributes, this.#filtered);
    return output.close(start, end, 1);
  }
}

/** Whether a value can be an integer of 64 bits. */
export function fitsInteger(value: number | bigint): boolean {
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value;
  return Number.isInteger(value) && value >= -twoTo63 && value < twoTo63;
}
