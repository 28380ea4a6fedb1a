// Small messages read and written without the schema: answers and errors, which every client reads and which must not
// bring along the tables for all of telemetry.

import { concatenate, lengthDelimited, wireType, writeVarint, writeVarint64 } from "./wire.ts";

/** The fields of a message by number: what each occurrence holds, numbers as unsigned 64 bits. */
export type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

/**
 * Takes a message apart.
 *
 * @throws RangeError when it goes beyond its end or is no protobuf at all. Groups, which nobody sends, count as such.
 */
export function fieldsOf(body: Uint8Array): Fields {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  while (at < body.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    if (number === 0) throw malformed();
    const values = fields.get(number) ?? [];
    fields.set(number, values);
    values.push(value(Number(tag & 7n)));
  }
  return fields;

  function value(type: number): bigint | Uint8Array {
    if (type === wireType.varint) return varint();
    if (type === wireType.fixed64) return view.getBigUint64(past(8), true);
    if (type === wireType.fixed32) return BigInt(view.getUint32(past(4), true));
    if (type !== wireType.length) throw malformed();
    const length = Number(varint());
    const start = past(length);
    return body.subarray(start, start + length);
  }

  function varint(): bigint {
    let bits = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = body[past(1)] as number;
      bits |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, bits);
    }
    throw malformed();
  }

  /** Moves on, and gives the place before. */
  function past(bytes: number): number {
    const start = at;
    at += bytes;
    if (at > body.length) throw malformed();
    return start;
  }
}

/** A number, the last one if there are several (M-40); 0 if there is none. */
export function numberIn(fields: Fields, field: number): bigint {
  const value = fields.get(field)?.at(-1) ?? 0n;
  if (typeof value !== "bigint") throw malformed();
  return value;
}

/** A text. @throws TypeError when it is not UTF-8. */
export function textIn(fields: Fields, field: number): string {
  const value = fields.get(field)?.at(-1) ?? new Uint8Array();
  if (typeof value === "bigint") throw malformed();
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
}

/** Messages, each by itself. */
export function messagesIn(fields: Fields, field: number): readonly Uint8Array[] {
  return (fields.get(field) ?? []).map((value) => {
    if (typeof value === "bigint") throw malformed();
    return value;
  });
}

/** A message of which there is one; what is said of it in several places belongs together (M-40). Undefined: none. */
export function messageIn(fields: Fields, field: number): Fields | undefined {
  const parts = messagesIn(fields, field);
  return parts.length === 0 ? undefined : fieldsOf(concatenate(parts));
}

/** Writes a number as a varint, negative ones as 64 bits; 0 as nothing. */
export function numberField(field: number, value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array();
  const out = new Uint8Array(15);
  const bits = BigInt.asUintN(64, value);
  const start = writeVarint(out, 0, field << 3);
  return out.subarray(0, writeVarint64(out, start, Number(bits & 0xffffffffn), Number(bits >> 32n)));
}

/** Writes a text; an empty one as nothing. Lone surrogates become U+FFFD. */
export function textField(field: number, text: string): Uint8Array {
  return text === "" ? new Uint8Array() : lengthDelimited(field, new TextEncoder().encode(text));
}

/** Writes a message of these fields, an empty one too. */
export function messageField(field: number, ...fields: readonly Uint8Array[]): Uint8Array {
  return lengthDelimited(field, concatenate(fields));
}

function malformed(): RangeError {
  return new RangeError("not protobuf, or cut short");
}
