import { type AttributeValue, hasKey, readAnyValue, readKeyValue, readText } from "./any-value.ts";
import { type FieldSchema, messages } from "./generated/schema.ts";
import { type Cursor, lengthTag, readUint32, readUint64, skipValue } from "./wire.ts";

/**
 * A look at one message inside a request, field by field, without decoding the rest. Fields go by their JSON names
 * ("startTimeUnixNano"); a name that the message does not have is a mistake and throws `TypeError`.
 *
 * What is absent reads as `undefined`, even where protobuf has a default. Of a field that occurs twice the last counts.
 */
export interface MessageView {
  /** Full name of the message, e.g. "opentelemetry.proto.trace.v1.Span". */
  readonly type: string;
  /** Start and end of each range of the request that together are the message: for those who hash or copy it as it is. */
  readonly ranges: readonly number[];
  /** Whether the field is there. */
  has(field: string): boolean;
  /** A string field. */
  text(field: string): string | undefined;
  /** A bytes field, as a view into the request: copy it to keep it. */
  bytes(field: string): Uint8Array | undefined;
  /** A number, enum or boolean (as 0 or 1). For 64-bit integers, which may not fit, see {@link integer}. */
  number(field: string): number | undefined;
  /** An integer of any size. */
  integer(field: string): bigint | undefined;
  /** The value of an attribute, `undefined` when there is none of that key. */
  attribute(key: string): AttributeValue | undefined;
  /** A field that is an AnyValue, such as the body of a log record. */
  value(field: string): AttributeValue | undefined;
  /** A message in this one, such as the status of a span. Valid as long as this view is. */
  message(field: string): MessageView | undefined;
}

const encoder = new TextEncoder();

/** The fields of each message by name, made when first asked for. */
const fieldsByName = new Map<string, ReadonlyMap<string, FieldSchema>>();

function fieldsOf(type: string): ReadonlyMap<string, FieldSchema> {
  let fields = fieldsByName.get(type);
  if (fields === undefined) {
    fields = new Map((messages[type]?.fields ?? []).map((field) => [field.name, field]));
    fieldsByName.set(type, fields);
  }
  return fields;
}

/** A view that can be pointed elsewhere, so that one serves a whole walk. */
export class MovableView implements MessageView {
  type: string;
  readonly body: Uint8Array;
  ranges: readonly number[] = [];
  private fields: ReadonlyMap<string, FieldSchema>;
  private readonly cursor: Cursor = { at: 0 };

  constructor(body: Uint8Array, type: string) {
    this.body = body;
    this.type = type;
    this.fields = fieldsOf(type);
  }

  /** Points at a message that consists of these ranges. */
  move(ranges: readonly number[], type: string = this.type): void {
    this.ranges = ranges;
    if (type === this.type) return;
    this.type = type;
    this.fields = fieldsOf(type);
  }

  has(field: string): boolean {
    return this.find(this.field(field)) !== 0;
  }

  text(field: string): string | undefined {
    if (this.find(this.field(field)) === 0) return undefined;
    const end = readUint32(this.body, this.cursor) + this.cursor.at;
    return readText(this.body, this.cursor.at, end);
  }

  bytes(field: string): Uint8Array | undefined {
    if (this.find(this.field(field)) === 0) return undefined;
    const end = readUint32(this.body, this.cursor) + this.cursor.at;
    return this.body.subarray(this.cursor.at, end);
  }

  number(field: string): number | undefined {
    const schema = this.field(field);
    if (this.find(schema) === 0) return undefined;
    switch (schema.kind) {
      case "double":
        return this.view(8).getFloat64(0, true);
      case "fixed32":
        return this.view(4).getUint32(0, true);
      case "bool":
        return readUint64(this.body, this.cursor) === 0n ? 0 : 1;
      default:
        return Number(this.wholeNumber(schema));
    }
  }

  integer(field: string): bigint | undefined {
    const schema = this.field(field);
    return this.find(schema) === 0 ? undefined : this.wholeNumber(schema);
  }

  attribute(key: string): AttributeValue | undefined {
    const { cursor, body, ranges } = this;
    const tag = lengthTag(this.field("attributes").number);
    const wanted = encoder.encode(key);
    for (let range = 0; range < ranges.length; range += 2) {
      const end = ranges[range + 1] as number;
      cursor.at = ranges[range] as number;
      while (cursor.at < end) {
        const current = readUint32(body, cursor);
        if (current !== tag) {
          skipValue(body, cursor, current);
          continue;
        }
        const valueEnd = readUint32(body, cursor) + cursor.at;
        // Keys are unique (M-21); where they are not, the first is taken, as most who read attributes do.
        if (hasKey(body, cursor.at, valueEnd, wanted)) return readKeyValue(body, cursor.at, valueEnd);
        cursor.at = valueEnd;
      }
    }
    return undefined;
  }

  value(field: string): AttributeValue | undefined {
    const ranges = this.rangesOf(field);
    let value: AttributeValue | undefined;
    for (let range = 0; range < ranges.length; range += 2) {
      value = readAnyValue(this.body, ranges[range] as number, ranges[range + 1] as number, value ?? null);
    }
    return value;
  }

  message(field: string): MovableView | undefined {
    const ranges = this.rangesOf(field);
    if (ranges.length === 0) return undefined;
    const view = new MovableView(this.body, this.field(field).message as string);
    view.move(ranges);
    return view;
  }

  /** Where the content of a message field is; several ranges when it occurs several times and is to be merged (M-40). */
  rangesOf(field: string): number[] {
    const { cursor, body, ranges } = this;
    const tag = lengthTag(this.field(field).number);
    const found: number[] = [];
    for (let range = 0; range < ranges.length; range += 2) {
      const end = ranges[range + 1] as number;
      cursor.at = ranges[range] as number;
      while (cursor.at < end) {
        const current = readUint32(body, cursor);
        if (current !== tag) {
          skipValue(body, cursor, current);
          continue;
        }
        const valueEnd = readUint32(body, cursor) + cursor.at;
        found.push(cursor.at, valueEnd);
        cursor.at = valueEnd;
      }
    }
    return found;
  }

  /** The field of that name. */
  protected field(name: string): FieldSchema {
    const field = this.fields.get(name);
    if (field === undefined) throw new TypeError(`${this.type} has no field "${name}"; fields go by their JSON names`);
    return field;
  }

  /** The numbers of the arms of a oneof. */
  protected armsOf(oneof: string): number[] {
    return [...this.fields.values()].filter((field) => field.oneof === oneof).map((field) => field.number);
  }

  /** Puts the cursor on the last value of a field and returns its tag, 0 when there is none. */
  private find(field: FieldSchema): number {
    const { cursor, body, ranges } = this;
    let found = 0;
    let foundAt = 0;
    for (let range = 0; range < ranges.length; range += 2) {
      const end = ranges[range + 1] as number;
      cursor.at = ranges[range] as number;
      while (cursor.at < end) {
        const tag = readUint32(body, cursor);
        if (tag >>> 3 === field.number) {
          found = tag;
          foundAt = cursor.at;
        }
        skipValue(body, cursor, tag);
      }
    }
    cursor.at = foundAt;
    return found;
  }

  private wholeNumber(field: FieldSchema): bigint {
    switch (field.kind) {
      case "fixed64":
        return this.view(8).getBigUint64(0, true);
      case "sfixed64":
        return this.view(8).getBigInt64(0, true);
      case "fixed32":
        return BigInt(this.view(4).getUint32(0, true));
      case "uint64":
        return readUint64(this.body, this.cursor);
      case "int64":
        return BigInt.asIntN(64, readUint64(this.body, this.cursor));
      case "uint32":
        return BigInt.asUintN(32, readUint64(this.body, this.cursor));
      case "sint32": {
        const zigzag = BigInt.asUintN(32, readUint64(this.body, this.cursor));
        return BigInt.asIntN(32, (zigzag >> 1n) ^ -(zigzag & 1n));
      }
      case "int32":
      case "enum":
      case "bool":
        return BigInt.asIntN(32, readUint64(this.body, this.cursor));
      default:
        throw new TypeError(`"${field.name}" of ${this.type} is no integer, it is a ${field.kind}`);
    }
  }

  private view(bytes: number): DataView {
    return new DataView(this.body.buffer, this.body.byteOffset + this.cursor.at, bytes);
  }
}
