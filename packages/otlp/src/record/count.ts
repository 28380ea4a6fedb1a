import { writeVarint } from "../wire.ts";

/** Writes a number below 2^32 with its tag, unless it is 0 or there is none. Needs room. */
export function count(bytes: Uint8Array, at: number, tag: number, value: number | undefined): number {
  if (value === undefined || !(value > 0)) return at;
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value >>> 0);
}
