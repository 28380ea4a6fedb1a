// Numbers as the digits of JSON. A 64-bit integer is two halves of 32 bits here, never a BigInt.

import type { JsonOutput } from "./json-output.ts";

/** The three digits of numbers below a thousand, as a word: the first digit in the lowest byte, the highest byte empty. */
const threeDigits = /* @__PURE__ */ digitWords();

const billion = 1_000_000_000;
const minus = 0x2d;

/** Writes a signed integer of 64 bits. */
export function writeSigned(out: JsonOutput, low: number, high: number): void {
  if ((high | 0) >= 0) {
    writeUnsigned(out, low, high);
    return;
  }
  out.reserve(1);
  out.byte(minus);
  writeUnsigned(out, -low, low === 0 ? -high : ~high);
}

/** Writes an unsigned integer of 64 bits. */
export function writeUnsigned(out: JsonOutput, low: number, high: number): void {
  out.reserve(20);
  const lower = low >>> 0;
  const upper = high >>> 0;
  if (upper === 0 && lower < billion) {
    short(out, lower);
    return;
  }
  // Division by hand, sixteen bits at a time: what is divided stays below 2^46, which a double holds exactly.
  const first = Math.floor(upper / billion);
  const middle = (upper - first * billion) * 0x1_0000 + (lower >>> 16);
  const second = Math.floor(middle / billion);
  const end = (middle - second * billion) * 0x1_0000 + (lower & 0xffff);
  const third = Math.floor(end / billion);
  const billions = first * 0x1_0000_0000 + second * 0x1_0000 + third;
  if (billions < billion) short(out, billions);
  else {
    const top = Math.floor(billions / billion);
    short(out, top);
    nine(out, billions - top * billion);
  }
  nine(out, end - third * billion);
}

/** Writes a double: shortest form that reads back the same, with the names of the three that are not numbers (E-14). */
export function writeDouble(out: JsonOutput, value: number): void {
  const whole = value | 0;
  if (whole === value && (whole !== 0 || Object.is(value, 0))) {
    writeSigned(out, whole, whole >> 31);
    return;
  }
  const text = doubleText(value);
  out.reserve(text.length);
  const { at, bytes } = out;
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  out.at = at + text.length;
}

/** A double as JSON; -0 keeps its sign, which `String` drops (E-15). */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0.0" : String(value);
}

/** A number below a billion, without zeros in front. */
function short(out: JsonOutput, value: number): void {
  if (value >= 1000) {
    const thousands = (value / 1000) | 0;
    short(out, thousands);
    three(out, value - thousands * 1000);
    return;
  }
  const word = threeDigits[value]!;
  const skipped = value < 10 ? 2 : value < 100 ? 1 : 0;
  out.view.setInt32(out.at, word >>> (skipped * 8), true);
  out.at += 3 - skipped;
}

/** A number below a billion in nine digits. */
function nine(out: JsonOutput, value: number): void {
  const millions = (value / 1_000_000) | 0;
  const rest = value - millions * 1_000_000;
  const thousands = (rest / 1000) | 0;
  three(out, millions);
  three(out, thousands);
  three(out, rest - thousands * 1000);
}

function three(out: JsonOutput, value: number): void {
  out.view.setInt32(out.at, threeDigits[value]!, true);
  out.at += 3;
}

function digitWords(): Int32Array {
  const words = new Int32Array(1000);
  for (let n = 0; n < 1000; n++) {
    const hundreds = (n / 100) | 0;
    const tens = ((n / 10) | 0) % 10;
    words[n] = 0x303030 + (hundreds | (tens << 8) | ((n % 10) << 16));
  }
  return words;
}
