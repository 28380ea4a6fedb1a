// Numbers of JSON, read from bytes without loss: a 64-bit integer never passes through a double (E-10).

import type { FieldKind } from "./generated/schema.ts";

/** The bits of a number as protobuf writes it: two halves of 32 bits, `low` alone for the narrow kinds. */
export interface Words {
  low: number;
  high: number;
}

/** The end of the JSON number that starts at `at`, or -1 if none does. */
export function numberEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (at < end && bytes[at] === 0x2d) at++;
  const whole = at;
  at = digitsEnd(bytes, at, end);
  if (at === whole || (bytes[whole] === 0x30 && at > whole + 1)) return -1;
  if (at < end && bytes[at] === 0x2e) {
    const fraction = at + 1;
    at = digitsEnd(bytes, fraction, end);
    if (at === fraction) return -1;
  }
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at++;
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++;
    const exponent = at;
    at = digitsEnd(bytes, exponent, end);
    if (at === exponent) return -1;
  }
  return at;
}

function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  return at;
}

// Powers of ten that a double holds exactly; 10 ** n may be off by a bit in some engines.
const tens = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/** The double written at `from`; infinite if it is out of range. The text is a JSON number. */
export function readDouble(bytes: Uint8Array, from: number, to: number): number {
  // Up to 15 digits and a power of ten that a double holds exactly: one division, rounded once, is the right answer.
  if (to - from <= 16) {
    const negative = bytes[from] === 0x2d;
    let digits = 0;
    let point = to;
    let at = negative ? from + 1 : from;
    for (; at < to; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit >= 0 && digit <= 9) digits = digits * 10 + digit;
      else if (digit === -2) point = at + 1;
      else break;
    }
    if (at === to && digits <= 999_999_999_999_999) {
      const value = digits / tens[to - point]!;
      return negative ? -value : value;
    }
  }
  return Number(ascii(bytes, from, to));
}

/**
 * Reads the integer written at `from` into `words`; says what is wrong, or nothing. The text is a JSON number: "1e3" and
 * "2.0" are whole numbers too (E-12).
 */
export function readInteger(
  bytes: Uint8Array,
  from: number,
  to: number,
  kind: FieldKind,
  words: Words,
): string | undefined {
  const negative = bytes[from] === 0x2d;
  const start = negative ? from + 1 : from;
  if (to - start <= 15) {
    let value = 0;
    for (let at = start; at < to; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) return readOddInteger(bytes, start, to, negative, kind, words);
      value = value * 10 + digit;
    }
    return settle(kind, negative, value >>> 0, Math.floor(value / 0x1_0000_0000), words);
  }
  if (to - start > 20) return readOddInteger(bytes, start, to, negative, kind, words);
  let upper = 0; // all but nine digits: below 10^11
  let lower = 0;
  for (let at = start; at < to; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return readOddInteger(bytes, start, to, negative, kind, words);
    if (at < to - 9) upper = upper * 10 + digit;
    else lower = lower * 10 + digit;
  }
  // upper * 10^9 + lower in pieces that a double holds exactly: upper = a * 2^22 + b.
  const a = Math.floor(upper / 0x40_0000) * 1e9;
  const b = (upper % 0x40_0000) * 1e9 + lower;
  const low = (a % 0x400) * 0x40_0000 + (b % 0x1_0000_0000);
  const high = Math.floor(a / 0x400) + Math.floor(b / 0x1_0000_0000) + Math.floor(low / 0x1_0000_0000);
  return settle(kind, negative, low >>> 0, high, words);
}

/** With a fraction or an exponent, or very long. */
function readOddInteger(
  bytes: Uint8Array,
  start: number,
  to: number,
  negative: boolean,
  kind: FieldKind,
  words: Words,
): string | undefined {
  const [mantissa = "", exponent = "0"] = ascii(bytes, start, to).toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return settle(kind, negative, 0, 0, words);
  let last = digits.length;
  while (digits[last - 1] === "0") last--;
  const scale = Number(exponent) - fraction.length + (digits.length - last);
  if (scale < 0) return "expected a whole number";
  if (last + scale > 20) return `out of the range of ${kind}`;
  const value = BigInt(digits.slice(0, last) + "0".repeat(scale));
  return settle(kind, negative, Number(value & 0xffff_ffffn), Number(value >> 32n), words);
}

/** Checks the range and applies the sign. `high` may be larger than 32 bits here. */
function settle(kind: FieldKind, negative: boolean, low: number, high: number, words: Words): string | undefined {
  const out = `out of the range of ${kind}`;
  words.low = low;
  words.high = high;
  switch (kind) {
    case "uint64":
    case "fixed64":
      return high > 0xffff_ffff || (negative && (low !== 0 || high !== 0)) ? out : undefined;
    case "uint32":
    case "fixed32":
      return high !== 0 || (negative && low !== 0) ? out : undefined;
    case "int64":
    case "sfixed64":
      if (high > 0x7fff_ffff && !(negative && high === 0x8000_0000 && low === 0)) return out;
      if (!negative) return undefined;
      words.low = -low >>> 0;
      words.high = (low === 0 ? -high : ~high) >>> 0;
      return undefined;
    default: {
      if (high !== 0 || low > (negative ? 0x8000_0000 : 0x7fff_ffff)) return out;
      const value = negative ? -low : low;
      if (kind === "sint32") words.low = ((value << 1) ^ (value >> 31)) >>> 0;
      else {
        words.low = value >>> 0;
        words.high = value < 0 ? 0xffff_ffff : 0;
      }
      return undefined;
    }
  }
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
