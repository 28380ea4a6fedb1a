// Protobuf to plain objects, by schema. For those who need objects; the way through the relay never does.

import type { Signal } from "@otlpkit/core";
import type { RequestOf } from "./generated/model.ts";
import { requestNames } from "./generated/schema.ts";
import { invalid } from "./invalid.ts";
import { maxMessageDepth } from "./depth.ts";
import {
  type FieldLayout,
  fixed32Type,
  fixed64Type,
  groupEndType,
  groupStartType,
  layoutOf,
  lengthType,
  type MessageLayout,
  varintType,
} from "./layout.ts";

/**
 * Reads an Export request into plain objects: members in camelCase, 64-bit integers as `bigint`, bytes (ids too) as
 * `Uint8Array` that share memory with `body`, enums as numbers. Absent fields are absent members.
 *
 * It takes whatever protobuf allows (M-40): any order of fields, the last of several scalars, submessages in pieces,
 * packed and unpacked numbers, wide varints. Unknown fields are left out. Throws `ExportError` "invalid" for damaged
 * bytes, text that is not UTF-8, and more than 100 messages inside each other.
 */
export function decode<S extends Signal>(signal: S, body: Uint8Array): RequestOf<S> {
  return decodeMessage(requestNames[signal], body);
}

/** Reads any message of the schema, by its full protobuf name; see {@link decode}. */
export function decodeMessage(name: string, body: Uint8Array): object {
  const layout = layoutOf(name);
  const target: Target = {};
  new Decoder(body).message(layout, target, 0, body.length, 0);
  return target;
}

type Target = Record<string, unknown>;

class Decoder {
  private readonly body: Uint8Array;
  private readonly view: DataView;
  private at = 0;
  private low = 0;
  private high = 0;
  private text: TextDecoder | undefined;

  constructor(body: Uint8Array) {
    this.body = body;
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  }

  message(layout: MessageLayout, target: Target, start: number, end: number, depth: number): void {
    if (depth > maxMessageDepth)
      throw this.flaw(layout.name, `more than ${maxMessageDepth} messages inside each other`);
    this.at = start;
    while (this.at < end) {
      const tag = this.tag(layout.name, end);
      const field = layout.byNumber[tag >>> 3];
      if (field === undefined) this.skip(layout.name, tag, end, depth);
      else this.field(layout, field, tag & 7, target, end, depth);
    }
  }

  private field(
    layout: MessageLayout,
    field: FieldLayout,
    wireType: number,
    target: Target,
    end: number,
    depth: number,
  ): void {
    const { name, kind } = field;
    if (wireType !== field.wireType && !(field.repeated && wireType === lengthType)) {
      throw this.flaw(`${layout.name}.${name}`, `wire type ${wireType} where ${field.wireType} is due`);
    }
    if (field.repeated) {
      const list = (target[name] ??= []) as unknown[];
      if (wireType !== lengthType) list.push(this.number(field, name, end));
      else if (field.wireType === lengthType) list.push(this.lengthed(layout, field, undefined, end, depth));
      else {
        const stop = this.length(name, end) + this.at;
        while (this.at < stop) list.push(this.number(field, name, stop));
      }
      return;
    }
    const before = target[name];
    for (const rival of field.rivalNames) if (target[rival] !== undefined) delete target[rival];
    if (kind === "string" || kind === "bytes" || kind === "message") {
      target[name] = this.lengthed(layout, field, before as Target | undefined, end, depth);
    } else target[name] = this.number(field, name, end);
  }

  private lengthed(
    layout: MessageLayout,
    field: FieldLayout,
    before: Target | undefined,
    end: number,
    depth: number,
  ): unknown {
    const start = this.at + 0;
    const length = this.length(field.name, end);
    const from = this.at;
    const to = from + length;
    if (field.message !== undefined) {
      const inner = before ?? {};
      this.message(field.message, inner, from, to, depth + 1);
      return inner;
    }
    this.at = to;
    if (field.kind === "bytes") return this.body.subarray(from, to);
    const text = this.string(from, to);
    if (text !== undefined) return text;
    this.at = start;
    throw this.flaw(`${layout.name}.${field.name}`, "text that is not UTF-8");
  }

  /** Text of `body`, or undefined if it is not UTF-8. */
  private string(from: number, to: number): string | undefined {
    // Short text is mostly ASCII, and a call of TextDecoder costs more than reading it here.
    if (to - from <= 24) {
      let text = "";
      let at = from;
      for (; at < to; at++) {
        const byte = this.body[at]!;
        if (byte >= 0x80) break;
        text += String.fromCharCode(byte);
      }
      if (at === to) return text;
    }
    this.text ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    try {
      return this.text.decode(this.body.subarray(from, to));
    } catch {
      return undefined; // the caller says where
    }
  }

  private number(field: FieldLayout, name: string, end: number): number | bigint | boolean {
    if (field.wireType === varintType) {
      this.varint(name, end);
      switch (field.kind) {
        case "bool":
          return (this.low | this.high) !== 0;
        case "uint32":
          return this.low >>> 0;
        case "sint32":
          return (this.low >>> 1) ^ -(this.low & 1);
        case "int64":
          return BigInt.asIntN(64, (BigInt(this.high) << 32n) | BigInt(this.low >>> 0));
        case "uint64":
          return BigInt.asUintN(64, (BigInt(this.high) << 32n) | BigInt(this.low >>> 0));
        default:
          return this.low | 0; // int32 and enums: negative ones come as ten bytes, of which the low 32 bits count
      }
    }
    const from = this.at;
    this.at += field.wireType === fixed32Type ? 4 : 8;
    if (this.at > end) throw this.cut(name, from);
    switch (field.kind) {
      case "double":
        return this.view.getFloat64(from, true);
      case "fixed32":
        return this.view.getUint32(from, true);
      case "sfixed64":
        return this.view.getBigInt64(from, true);
      default:
        return this.view.getBigUint64(from, true);
    }
  }

  private tag(name: string, end: number): number {
    const first = this.body[this.at]!;
    if (first < 0x80 && first >= 8) {
      this.at += 1;
      return first;
    }
    const from = this.at;
    this.varint(name, end);
    if (this.high !== 0 || this.low >>> 3 === 0) {
      this.at = from;
      throw this.flaw(name, "a field number out of range");
    }
    return this.low >>> 0;
  }

  private length(name: string, end: number): number {
    const from = this.at;
    this.varint(name, end);
    const length = this.low >>> 0;
    if (this.high !== 0 || length > end - this.at) throw this.cut(name, from);
    return length;
  }

  /** Reads a varint into `low` and `high`. What goes beyond 64 bits is dropped; more than ten bytes are refused. */
  private varint(name: string, end: number): void {
    const { body } = this;
    let at = this.at;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw this.cut(name, this.at);
      const byte = body[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 64) high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.at = at;
        this.low = low;
        this.high = high;
        return;
      }
    }
    throw this.flaw(name, "a varint of more than ten bytes");
  }

  private skip(name: string, tag: number, end: number, depth: number): void {
    const from = this.at;
    switch (tag & 7) {
      case varintType:
        this.varint(name, end);
        break;
      case fixed64Type:
        this.at += 8;
        break;
      case lengthType: {
        const length = this.length(name, end);
        this.at += length;
        break;
      }
      case fixed32Type:
        this.at += 4;
        break;
      case groupStartType:
        this.group(name, tag >>> 3, end, depth + 1);
        break;
      default:
        throw this.flaw(name, "a wire type that does not exist or the end of a group that never began");
    }
    if (this.at > end) throw this.cut(name, from);
  }

  private group(name: string, number: number, end: number, depth: number): void {
    if (depth > maxMessageDepth) throw this.flaw(name, `more than ${maxMessageDepth} messages inside each other`);
    while (this.at < end) {
      const tag = this.tag(name, end);
      if ((tag & 7) === groupEndType && tag >>> 3 === number) return;
      this.skip(name, tag, end, depth);
    }
    throw this.cut(name, this.at);
  }

  private cut(name: string, at: number): Error {
    this.at = at;
    return this.flaw(name, "cut short");
  }

  private flaw(field: string, description: string): Error {
    return invalid({ field, description: `${description}, at byte ${this.at}` });
  }
}
