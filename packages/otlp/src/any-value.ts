import {
  concatenate,
  lengthDelimited,
  type Cursor,
  lengthTag,
  readUint32,
  readUint64,
  skipValue,
  wireType,
} from "./wire.ts";

/**
 * The value of an attribute or the body of a log record. An integer is a `bigint` and a double a `number`, so that
 * nothing is lost on the way back; an empty value, which is legal and means something, is `null` (M-20).
 */
export type AttributeValue =
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | null
  | readonly AttributeValue[]
  | ReadonlyMap<string, AttributeValue>;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Reads text. A loop does for a short ASCII one, which is faster than to ask the decoder. */
export function readText(body: Uint8Array, start: number, end: number): string {
  if (end - start < 24) {
    let text = "";
    for (let at = start; at < end; at++) {
      const byte = body[at] as number;
      if (byte > 0x7f) return decoder.decode(body.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decoder.decode(body.subarray(start, end));
}

/**
 * Reads the AnyValue in `[start, end)` of a body that has passed `scan`. Of several arms the last one counts. `before`
 * is what an earlier occurrence of the same message said.
 */
export function readAnyValue(
  body: Uint8Array,
  start: number,
  end: number,
  before: AttributeValue = null,
): AttributeValue {
  const cursor: Cursor = { at: start };
  let value: AttributeValue = before;
  while (cursor.at < end) {
    const tag = readUint32(body, cursor);
    switch (tag) {
      case 0x10:
        value = readUint64(body, cursor) !== 0n;
        break;
      case 0x18:
        value = BigInt.asIntN(64, readUint64(body, cursor));
        break;
      case 0x21:
        value = new DataView(body.buffer, body.byteOffset + cursor.at, 8).getFloat64(0, true);
        cursor.at += 8;
        break;
      case 0x0a:
      case 0x2a:
      case 0x32:
      case 0x3a: {
        const valueEnd = readUint32(body, cursor) + cursor.at;
        value = readSized(body, cursor.at, valueEnd, tag, value);
        cursor.at = valueEnd;
        break;
      }
      default:
        skipValue(body, cursor, tag);
    }
  }
  return value;
}

/** Reads a string, list, map or bytes. A list or map that occurs again is continued (M-40). */
function readSized(body: Uint8Array, start: number, end: number, tag: number, before: AttributeValue): AttributeValue {
  if (tag === 0x0a) return readText(body, start, end);
  if (tag === 0x3a) return body.subarray(start, end);
  const cursor: Cursor = { at: start };
  const list: AttributeValue[] = tag === 0x2a && Array.isArray(before) ? [...before] : [];
  const map = new Map<string, AttributeValue>(tag === 0x32 && before instanceof Map ? before : []);
  while (cursor.at < end) {
    const inner = readUint32(body, cursor);
    if (inner !== lengthTag(1)) {
      skipValue(body, cursor, inner);
      continue;
    }
    const innerEnd = readUint32(body, cursor) + cursor.at;
    if (tag === 0x2a) list.push(readAnyValue(body, cursor.at, innerEnd));
    else map.set(readKey(body, cursor.at, innerEnd), readKeyValue(body, cursor.at, innerEnd));
    cursor.at = innerEnd;
  }
  return tag === 0x2a ? list : map;
}

function readKey(body: Uint8Array, start: number, end: number): string {
  const cursor: Cursor = { at: start };
  let key = "";
  while (cursor.at < end) {
    const tag = readUint32(body, cursor);
    if (tag === lengthTag(1)) {
      const keyEnd = readUint32(body, cursor) + cursor.at;
      key = readText(body, cursor.at, keyEnd);
      cursor.at = keyEnd;
    } else {
      skipValue(body, cursor, tag);
    }
  }
  return key;
}

/** Reads the value of the KeyValue in `[start, end)`. */
export function readKeyValue(body: Uint8Array, start: number, end: number): AttributeValue {
  const cursor: Cursor = { at: start };
  let value: AttributeValue = null;
  while (cursor.at < end) {
    const tag = readUint32(body, cursor);
    if (tag === lengthTag(2)) {
      const valueEnd = readUint32(body, cursor) + cursor.at;
      value = readAnyValue(body, cursor.at, valueEnd, value);
      cursor.at = valueEnd;
    } else {
      skipValue(body, cursor, tag);
    }
  }
  return value;
}

/** Whether the KeyValue in `[start, end)` has this key, given as UTF-8. */
export function hasKey(body: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  let at = start;
  let length = 0;
  if (body[start] === lengthTag(1) && (body[start + 1] as number) < 0x80) {
    at = start + 2;
    length = body[start + 1] as number;
  } else {
    const cursor: Cursor = { at: start };
    while (cursor.at < end) {
      const tag = readUint32(body, cursor);
      if (tag !== lengthTag(1)) {
        skipValue(body, cursor, tag);
        continue;
      }
      length = readUint32(body, cursor);
      at = cursor.at;
      cursor.at += length;
    }
  }
  if (length !== key.length) return false;
  for (let index = 0; index < length; index++) if (body[at + index] !== key[index]) return false;
  return true;
}

/** Writes a KeyValue without tag and length in front. */
export function writeKeyValue(key: string, value: AttributeValue): Uint8Array {
  return concatenate([lengthDelimited(1, encoder.encode(key)), lengthDelimited(2, writeAnyValue(value))]);
}

/** Writes an AnyValue without tag and length in front. */
export function writeAnyValue(value: AttributeValue): Uint8Array {
  if (value === null) return new Uint8Array(0);
  if (typeof value === "string") return lengthDelimited(1, encoder.encode(value));
  if (typeof value === "boolean") return Uint8Array.of(0x10, value ? 1 : 0);
  if (typeof value === "bigint") return writeInteger(value);
  if (typeof value === "number") {
    const bytes = new Uint8Array(9);
    bytes[0] = (4 << 3) | wireType.fixed64;
    new DataView(bytes.buffer).setFloat64(1, value, true);
    return bytes;
  }
  if (value instanceof Uint8Array) return lengthDelimited(7, value);
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, AttributeValue>)];
    return lengthDelimited(
      6,
      concatenate(entries.map(([key, inner]) => lengthDelimited(1, writeKeyValue(key, inner)))),
    );
  }
  const values = value as readonly AttributeValue[];
  return lengthDelimited(5, concatenate(values.map((inner) => lengthDelimited(1, writeAnyValue(inner)))));
}

function writeInteger(value: bigint): Uint8Array {
  const bytes = [0x18];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
