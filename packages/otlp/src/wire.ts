// The few rules of protobuf's wire format that everything here stands on. The functions trust that `scan` has passed;
// only `scan` itself checks as it reads.

/** Wire types: the low three bits of a tag. */
export const wireType = { varint: 0, fixed64: 1, length: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** A place in a message. Readers move it; one object serves a whole walk. */
export interface Cursor {
  at: number;
}

/** Reads a varint of up to 32 bits, a tag or a length, and moves on. */
export function readUint32(body: Uint8Array, cursor: Cursor): number {
  let at = cursor.at;
  let byte = body[at++] as number;
  let value = byte & 0x7f;
  for (let shift = 7; byte > 0x7f; shift += 7) {
    byte = body[at++] as number;
    if (shift < 32) value |= (byte & 0x7f) << shift;
  }
  cursor.at = at;
  return value >>> 0;
}

/** Reads a varint of up to 64 bits as an unsigned number, and moves on. */
export function readUint64(body: Uint8Array, cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = body[cursor.at++] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
}

/** Moves past the value of a field whose tag has been read. */
export function skipValue(body: Uint8Array, cursor: Cursor, tag: number): void {
  switch (tag & 7) {
    case wireType.varint:
      while ((body[cursor.at++] as number) > 0x7f);
      return;
    case wireType.fixed64:
      cursor.at += 8;
      return;
    case wireType.length: {
      const length = readUint32(body, cursor);
      cursor.at += length;
      return;
    }
    case wireType.fixed32:
      cursor.at += 4;
      return;
    default:
      skipGroup(body, cursor);
  }
}

/**
 * Moves past the end of a group whose start has been read. One that is not closed ends with the body: whoever looks for
 * the place of a mistake walks over such groups too.
 */
function skipGroup(body: Uint8Array, cursor: Cursor): void {
  for (let open = 1; open > 0 && cursor.at < body.length;) {
    const tag = readUint32(body, cursor);
    const type = tag & 7;
    if (type === wireType.startGroup) open++;
    else if (type === wireType.endGroup) open--;
    else skipValue(body, cursor, tag);
  }
}

/** How many bytes a length or tag takes as a varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Writes a length or tag as a varint at `at` and returns the position after it. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  while (rest > 0x7f) {
    out[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[position++] = rest;
  return position;
}

/** Writes 64 bits, given in two words, as a varint at `at` and returns the position after it. */
export function writeVarint64(out: Uint8Array, at: number, low: number, high: number): number {
  let lower = low >>> 0;
  let upper = high >>> 0;
  let position = at;
  while (upper !== 0) {
    out[position++] = (lower & 0x7f) | 0x80;
    lower = ((lower >>> 7) | (upper << 25)) >>> 0;
    upper >>>= 7;
  }
  return writeVarint(out, position, lower);
}

/** The tag of a length-delimited field. */
export function lengthTag(field: number): number {
  return ((field << 3) | wireType.length) >>> 0;
}

/** A field with its tag and length in front. */
export function lengthDelimited(field: number, content: Uint8Array): Uint8Array {
  const tag = lengthTag(field);
  const bytes = new Uint8Array(varintSize(tag) + varintSize(content.length) + content.length);
  bytes.set(content, writeVarint(bytes, writeVarint(bytes, 0, tag), content.length));
  return bytes;
}

/** The parts end to end. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
