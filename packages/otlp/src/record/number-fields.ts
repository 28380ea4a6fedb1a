// Numbers as fields. All of these need room.

import { writeVarint } from "../wire.ts";

const twoTo32 = 0x1_0000_0000;

/** Writes a number below 2^32 with its tag, unless it is 0 or there is none. */
export function count(bytes: Uint8Array, at: number, tag: number, value: number | undefined): number {
  if (value === undefined || !(value > 0)) return at;
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value >>> 0);
}

/** Writes a signed number of 32 bits in zigzag, so that small negative ones are short, unless it is 0. */
export function zigzag(bytes: Uint8Array, at: number, tag: number, value: number): number {
  return count(bytes, at, tag, ((value << 1) ^ (value >> 31)) >>> 0);
}

/** Writes a double with its tag, if there is one. */
export function double(view: DataView, at: number, tag: number, value: number | null | undefined): number {
  if (value === undefined || value === null) return at;
  view.setUint8(at, tag);
  view.setFloat64(at + 1, value, true);
  return at + 9;
}

/** Writes a double with its tag, unless it is 0. */
export function doubleUnlessZero(view: DataView, at: number, tag: number, value: number | null | undefined): number {
  return Object.is(value, 0) ? at : double(view, at, tag, value);
}

/** Writes a whole number in 64 bits with its tag. */
export function fixed64(view: DataView, at: number, tag: number, value: number | bigint): number {
  view.setUint8(at, tag);
  fixed64Value(view, at + 1, value);
  return at + 9;
}

/** Writes a whole number in 64 bits with its tag, unless it is 0. */
export function fixed64UnlessZero(view: DataView, at: number, tag: number, value: number): number {
  return value === 0 ? at : fixed64(view, at, tag, value);
}

/** Writes a whole number in 64 bits, negative ones in two's complement. */
export function fixed64Value(view: DataView, at: number, value: number | bigint): void {
  if (typeof value === "bigint") return view.setBigInt64(at, value, true);
  view.setUint32(at, value, true);
  view.setUint32(at + 4, Math.floor(value / twoTo32), true);
}
