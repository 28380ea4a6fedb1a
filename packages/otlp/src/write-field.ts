import { type AttributeValue, writeAnyValue } from "./any-value.ts";
import type { FieldSchema } from "./generated/schema.ts";
import { wireTypeOf } from "./wire-table.ts";
import { lengthDelimited, varintSize, wireType, writeVarint } from "./wire.ts";

/** What a field can be set to: text, bytes, a number or integer by its kind; any {@link AttributeValue} for AnyValue. */
export type FieldValue = AttributeValue;

const anyValue = "opentelemetry.proto.common.v1.AnyValue";
const encoder = new TextEncoder();

/** Writes a field with its tag. Throws `TypeError` when the field is not of a kind that can hold the value. */
export function writeField(field: FieldSchema, value: FieldValue): Uint8Array {
  if (field.repeated) throw new TypeError(`cannot set "${field.name}", which is a list`);
  if (field.message === anyValue) return lengthDelimited(field.number, writeAnyValue(value));
  if (field.kind === "string" && typeof value === "string") return lengthDelimited(field.number, encoder.encode(value));
  if (field.kind === "bytes" && value instanceof Uint8Array) return lengthDelimited(field.number, value);
  if (field.kind === "double" && typeof value === "number") return withTag(field, double(value));
  if (field.kind === "bool" && typeof value === "boolean") return withTag(field, Uint8Array.of(value ? 1 : 0));
  const isInteger = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
  if (!isInteger || wireTypeOf(field.kind) === wireType.length || field.kind === "double" || field.kind === "bool") {
    throw new TypeError(`cannot set "${field.name}", which is a ${field.kind}, to a ${typeof value}`);
  }
  return withTag(field, integer(field, BigInt(value)));
}

function withTag(field: FieldSchema, content: Uint8Array): Uint8Array {
  const tag = (field.number << 3) | wireTypeOf(field.kind);
  const bytes = new Uint8Array(varintSize(tag) + content.length);
  bytes.set(content, writeVarint(bytes, 0, tag));
  return bytes;
}

function double(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

function integer(field: FieldSchema, value: bigint): Uint8Array {
  const type = wireTypeOf(field.kind);
  if (type === wireType.varint) return varint(field.kind === "sint32" ? (value << 1n) ^ (value >> 31n) : value);
  const bytes = new Uint8Array(type === wireType.fixed64 ? 8 : 4);
  const view = new DataView(bytes.buffer);
  if (type === wireType.fixed64) view.setBigUint64(0, BigInt.asUintN(64, value), true);
  else view.setUint32(0, Number(BigInt.asUintN(32, value)), true);
  return bytes;
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
