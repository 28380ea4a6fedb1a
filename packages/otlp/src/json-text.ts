// UTF-8 into a JSON string, bytes to bytes.

import type { JsonOutput } from "./json-output.ts";
import { invalidUtf8 } from "./utf8.ts";

/** The letter behind the backslash, by byte; 0 where there is none. */
const letters = /* @__PURE__ */ escapeLetters();
const hexDigits = /* @__PURE__ */ Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const quote = 0x22;
const backslash = 0x5c;

/**
 * Writes the UTF-8 in `body[from, to)` and the quote at the end; the one in front is there. `view` covers `body`. Returns
 * whether it was UTF-8 at all. Escaped is what must be, as `JSON.stringify` does it.
 */
export function writeText(out: JsonOutput, body: Uint8Array, view: DataView, from: number, to: number): boolean {
  const length = to - from;
  out.reserve(length + 1);
  const { at, bytes } = out;
  if (length < 4) {
    for (let i = 0; i < length; i++) {
      const byte = body[from + i]!;
      if (byte < 0x20 || byte > 0x7f || byte === quote || byte === backslash)
        return writeOdd(out, body, view, from, to);
      bytes[at + i] = byte;
    }
  } else {
    // Four bytes at a time, the last four overlapping those before. What turns out odd is written over.
    const target = out.view;
    const last = length - 4;
    for (let i = 0; i < last; i += 4) {
      const word = view.getInt32(from + i, true);
      if (isOdd(word)) return writeOdd(out, body, view, from, to);
      target.setInt32(at + i, word, true);
    }
    const word = view.getInt32(to - 4, true);
    if (isOdd(word)) return writeOdd(out, body, view, from, to);
    target.setInt32(at + last, word, true);
  }
  bytes[at + length] = quote;
  out.at = at + length + 1;
  return true;
}

/**
 * Whether one of four bytes is not ASCII, or a quote, a backslash or a control character. A byte below what is taken from it borrows and shows its
 * high bit; that the borrow may lead to a second high bit does no harm.
 */
export function isOdd(word: number): boolean {
  const control = word - 0x20202020;
  const quoted = (word ^ 0x22222222) - 0x01010101;
  const slashed = (word ^ 0x5c5c5c5c) - 0x01010101;
  return ((word | control | quoted | slashed) & 0x80808080) !== 0;
}

function writeOdd(out: JsonOutput, body: Uint8Array, view: DataView, from: number, to: number): boolean {
  if (invalidUtf8(body, view, from, to) !== -1) return false;
  for (let i = from; i < to; i++) {
    const byte = body[i]!;
    const letter = letters[byte]!;
    if (letter === 0) {
      out.byte(byte);
      continue;
    }
    out.reserve(to - i + 6); // six for the longest escape, one for each byte to come
    out.byte(backslash);
    out.byte(letter);
    if (letter !== 0x75) continue;
    out.byte(0x30);
    out.byte(0x30);
    out.byte(hexDigits[byte >>> 4]!);
    out.byte(hexDigits[byte & 0xf]!);
  }
  out.byte(quote);
  return true;
}

function escapeLetters(): Uint8Array {
  const table = new Uint8Array(256);
  table.fill(0x75, 0, 0x20); // \u00xx, but for those that have a letter of their own
  for (const pair of ["\bb", "\tt", "\nn", "\ff", "\rr", '""', "\\\\"]) table[pair.charCodeAt(0)] = pair.charCodeAt(1);
  return table;
}
