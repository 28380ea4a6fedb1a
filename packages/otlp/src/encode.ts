// Plain objects to protobuf, by schema, in the one canonical way: fields by number, defaults left out, numbers packed.

import type { Signal } from "@otlpkit/core";
import type { RequestOf } from "./generated/model.ts";
import { maxMessageDepth } from "./depth.ts";
import { requestNames } from "./generated/schema.ts";
import { invalid } from "./invalid.ts";
import { type FieldLayout, fixed32Type, layoutOf, type MessageLayout, varintType } from "./layout.ts";

/**
 * Writes an Export request. The same objects give the same bytes, whatever the order of their members: fields stand in
 * the order of their numbers, zero values are left out unless the field is an arm of a oneof or `optional`, repeated
 * numbers are packed. Unpaired surrogates in text become U+FFFD, so the output is always valid.
 *
 * Throws `ExportError` "invalid", naming the member, for a value of the wrong type or out of range, two arms of a oneof,
 * and more than 100 messages inside each other.
 */
export function encode<S extends Signal>(signal: S, request: RequestOf<S>): Uint8Array {
  return encodeMessage(requestNames[signal], request);
}

/** Writes any message of the schema, by its full protobuf name; see {@link encode}. */
export function encodeMessage(name: string, value: object): Uint8Array {
  const encoder = new Encoder();
  encoder.message(layoutOf(name), value as Source, 0);
  return encoder.finish();
}

type Source = Readonly<Record<string, unknown>>;

/** Writes from the end to the front: so the length of a message is known when its turn comes. */
class Encoder {
  private out = new Uint8Array(1024);
  private view = new DataView(this.out.buffer);
  private at = 1024;
  private readonly text = new TextEncoder();

  finish(): Uint8Array {
    return this.out.slice(this.at);
  }

  message(layout: MessageLayout, source: Source, depth: number): void {
    if (depth > maxMessageDepth) throw flaw(layout, "", `more than ${maxMessageDepth} messages inside each other`);
    const { fields } = layout;
    let set = 0;
    for (let i = fields.length - 1; i >= 0; i--) {
      const field = fields[i]!;
      const value = source[field.name];
      if (value === undefined || value === null) continue;
      if (field.repeated) {
        if (!Array.isArray(value)) throw flaw(layout, field.name, "expected an array");
        this.repeated(layout, field, value, depth);
        continue;
      }
      if ((set & field.rivals) !== 0) throw flaw(layout, field.name, "another arm of the same oneof is set too");
      set |= 1 << field.index;
      if (!field.explicit && isDefault(value)) continue;
      this.value(layout, field, value, depth);
      this.varint32(field.tag);
    }
  }

  private repeated(layout: MessageLayout, field: FieldLayout, list: readonly unknown[], depth: number): void {
    if (list.length === 0) return;
    const packed = field.kind !== "message" && field.kind !== "string" && field.kind !== "bytes";
    const end = this.out.length - this.at;
    for (let i = list.length - 1; i >= 0; i--) {
      this.value(layout, field, list[i], depth);
      if (!packed) this.varint32(field.tag);
    }
    if (!packed) return;
    this.varint32(this.out.length - this.at - end);
    this.varint32(field.tag);
  }

  /** The value with its length in front where it has one; the tag is the caller's. */
  private value(layout: MessageLayout, field: FieldLayout, value: unknown, depth: number): void {
    switch (field.kind) {
      case "message": {
        if (typeof value !== "object" || value === null) throw flaw(layout, field.name, "expected an object");
        const end = this.out.length - this.at;
        this.message(field.message!, value as Source, depth + 1);
        return this.varint32(this.out.length - this.at - end);
      }
      case "string":
        if (typeof value !== "string") throw flaw(layout, field.name, "expected a string");
        return this.string(value);
      case "bytes":
        if (!(value instanceof Uint8Array)) throw flaw(layout, field.name, "expected a Uint8Array");
        this.reserve(value.length);
        this.at -= value.length;
        this.out.set(value, this.at);
        return this.varint32(value.length);
      case "bool":
        if (typeof value !== "boolean") throw flaw(layout, field.name, "expected a boolean");
        return this.varint32(value ? 1 : 0);
      case "double":
        if (typeof value !== "number") throw flaw(layout, field.name, "expected a number");
        this.reserve(8);
        this.at -= 8;
        return this.view.setFloat64(this.at, value, true);
      case "int64":
      case "sfixed64":
      case "uint64":
      case "fixed64":
        return this.wide(layout, field, value);
      default:
        return this.narrow(layout, field, value);
    }
  }

  private wide(layout: MessageLayout, field: FieldLayout, value: unknown): void {
    if (typeof value !== "bigint") throw flaw(layout, field.name, "expected a bigint");
    const signed = field.kind === "int64" || field.kind === "sfixed64";
    if ((signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) !== value) {
      throw flaw(layout, field.name, `out of the range of ${field.kind}`);
    }
    this.reserve(18);
    this.view.setBigUint64(this.at - 8, BigInt.asUintN(64, value), true);
    if (field.wireType !== varintType) {
      this.at -= 8;
      return;
    }
    const low = this.view.getUint32(this.at - 8, true);
    const high = this.view.getUint32(this.at - 4, true);
    if (high === 0) this.varint32(low);
    else this.varint64(low, high);
  }

  private narrow(layout: MessageLayout, field: FieldLayout, value: unknown): void {
    if (typeof value !== "number") throw flaw(layout, field.name, "expected a number");
    const unsigned = field.kind === "uint32" || field.kind === "fixed32";
    if ((unsigned ? value >>> 0 : value | 0) !== value) {
      throw flaw(layout, field.name, `expected a whole number in the range of ${field.kind}`);
    }
    if (field.wireType === fixed32Type) {
      this.reserve(4);
      this.at -= 4;
      this.view.setUint32(this.at, value, true);
    } else if (field.kind === "sint32") this.varint32(((value << 1) ^ (value >> 31)) >>> 0);
    else if (value < 0) this.varint64(value, -1);
    else this.varint32(value);
  }

  private string(text: string): void {
    const { length } = text;
    this.reserve(length);
    const { out } = this;
    let at = this.at;
    let i = length - 1;
    for (; i >= 0; i--) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) break;
      out[--at] = unit;
    }
    if (i < 0) {
      this.at = at;
      return this.varint32(length);
    }
    const bytes = this.text.encode(text);
    this.reserve(bytes.length);
    this.at -= bytes.length;
    this.out.set(bytes, this.at);
    this.varint32(bytes.length);
  }

  private varint32(value: number): void {
    this.reserve(5);
    if (value < 0x80) {
      this.out[--this.at] = value;
      return;
    }
    const size = value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
    let at = (this.at -= size);
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.out[at++] = (rest & 0x7f) | 0x80;
    this.out[at] = rest;
  }

  private varint64(low: number, high: number): void {
    this.reserve(10);
    let size = 5;
    for (let rest = high >>> 3; rest !== 0; rest >>>= 7) size += 1;
    let at = (this.at -= size);
    let l = low >>> 0;
    let h = high >>> 0;
    for (let i = 1; i < size; i++) {
      this.out[at++] = (l & 0x7f) | 0x80;
      l = ((l >>> 7) | (h << 25)) >>> 0;
      h >>>= 7;
    }
    this.out[at] = l & 0x7f;
  }

  private reserve(bytes: number): void {
    if (bytes <= this.at) return;
    const used = this.out.length - this.at;
    const bigger = new Uint8Array(Math.max(this.out.length * 2, used + bytes));
    bigger.set(this.out.subarray(this.at), bigger.length - used);
    this.out = bigger;
    this.view = new DataView(bigger.buffer);
    this.at = bigger.length - used;
  }
}

/** Whether a value is what an absent field means. -0 is not (E-15), and a message never is. */
function isDefault(value: unknown): boolean {
  if (typeof value === "number") return Object.is(value, 0);
  return value === "" || value === false || value === 0n || (value instanceof Uint8Array && value.length === 0);
}

function flaw(layout: MessageLayout, member: string, description: string): Error {
  return invalid({ field: member === "" ? layout.name : `${layout.name}.${member}`, description });
}
