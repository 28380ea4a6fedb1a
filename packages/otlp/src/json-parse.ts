// A strict reader of JSON (RFC 8259) over UTF-8 bytes. It makes no values: it tells where they stand, and the schema
// decides what a number or a string is. So nothing is lost, and what is unknown costs only the walk past it.

import { invalid } from "./invalid.ts";
import { jsonPath } from "./json-path.ts";
import { numberEnd } from "./json-number.ts";
import { isOdd } from "./json-text.ts";
import { maxMessageDepth } from "./depth.ts";

/** Walks a JSON text; throws `ExportError` "invalid", naming path and byte, at the first thing that is not JSON. */
export class JsonReader {
  readonly input: Uint8Array;
  private readonly view: DataView;
  at = 0;
  /** Text of the string or number read last, escapes undone: the bytes `from` to `to` of `source`. */
  source: Uint8Array;
  from = 0;
  to = 0;
  private scratch = new Uint8Array(0);

  constructor(input: Uint8Array) {
    this.input = input;
    this.view = new DataView(input.buffer, input.byteOffset, input.byteLength);
    this.source = input;
  }

  /** Goes past white space and returns the byte there, or -1 at the end. */
  peek(): number {
    const { input } = this;
    const { length } = input;
    let at = this.at;
    while (at < length) {
      const byte = input[at]!;
      if (byte > 0x20) {
        this.at = at;
        return byte;
      }
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at++;
    }
    this.at = at;
    if (at < length) throw this.flaw("a control character between values");
    return -1;
  }

  /** Reads a string; `at` is on its opening quote. */
  string(): void {
    const { input, view } = this;
    const { length } = input;
    const from = this.at + 1;
    let at = from;
    while (at + 4 <= length && !isOdd(view.getInt32(at, true))) at += 4;
    while (at < length) {
      const byte = input[at]!;
      if (byte === 0x22) {
        this.source = input;
        this.from = from;
        this.to = at;
        this.at = at + 1;
        return;
      }
      if (byte === 0x5c) return this.escapedString(from, at);
      if (byte < 0x80) {
        if (byte < 0x20) throw this.flaw("a control character inside a string", at);
        at++;
      } else at += this.sequence(at);
    }
    throw this.flaw("the text ends inside a string");
  }

  /** Goes past a key and its colon if they stand here with nothing between; false is no answer. */
  expectedKey(key: string, words: readonly number[]): boolean {
    const { at, view } = this;
    const last = at + key.length - 4;
    if (last + 4 > view.byteLength) return false;
    for (let i = 0; i < words.length - 1; i++) if (view.getInt32(at + i * 4, true) !== words[i]) return false;
    if (view.getInt32(last, true) !== words[words.length - 1]) return false;
    this.at = last + 4;
    return true;
  }

  /** Reads a number as text; `at` is on its first byte. */
  number(): void {
    const end = numberEnd(this.input, this.at, this.input.length);
    if (end < 0) throw this.flaw("expected a number");
    this.source = this.input;
    this.from = this.at;
    this.to = end;
    this.at = end;
  }

  /** Reads one of the words `true`, `false`, `null`. */
  word(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.input[this.at + i] !== word.charCodeAt(i)) throw this.flaw("not a value of JSON");
    }
    this.at += word.length;
  }

  /** Goes past any value. */
  skip(depth = 1): void {
    const byte = this.peek();
    switch (byte) {
      case 0x22:
        return this.string();
      case 0x7b:
      case 0x5b:
        return this.skipContainer(byte, depth);
      case 0x74:
        return this.word("true");
      case 0x66:
        return this.word("false");
      case 0x6e:
        return this.word("null");
      case -1:
        throw this.flaw("the text ends before a value");
      default:
        if (byte !== 0x2d && (byte < 0x30 || byte > 0x39)) throw this.flaw("not a value of JSON");
        return this.number();
    }
  }

  /** Goes past a colon. */
  colon(): void {
    if (this.peek() !== 0x3a) throw this.flaw("expected a colon");
    this.at++;
  }

  /** Goes past a comma (true) or past the closing bracket (false). */
  more(close: number): boolean {
    const byte = this.peek();
    if (byte !== 0x2c && byte !== close) {
      throw this.flaw(byte === -1 ? "the text ends early" : `expected a comma or ${String.fromCharCode(close)}`);
    }
    this.at++;
    return byte === 0x2c;
  }

  /** The error for something wrong at a byte. */
  flaw(description: string, at: number = this.at): Error {
    return invalid({ field: jsonPath(this.input, at), description: `${description}, at byte ${at} of the JSON` });
  }

  private skipContainer(open: number, depth: number): void {
    if (depth > maxMessageDepth) throw this.flaw(`more than ${maxMessageDepth} levels of unknown values`);
    const close = open + 2;
    this.at++;
    if (this.peek() === close) {
      this.at++;
      return;
    }
    do {
      if (open === 0x7b) {
        if (this.peek() !== 0x22) throw this.flaw("expected a key");
        this.string();
        this.colon();
      }
      this.skip(depth + 1);
    } while (this.more(close));
  }

  private escapedString(from: number, firstEscape: number): void {
    const { input } = this;
    let close = firstEscape;
    while (close < input.length && input[close] !== 0x22) close += input[close] === 0x5c ? 2 : 1;
    if (close >= input.length) throw this.flaw("the text ends inside a string");
    // An escape is never shorter than what it stands for.
    if (this.scratch.length < close - from) this.scratch = new Uint8Array(Math.max(256, (close - from) * 2));
    const { scratch } = this;
    scratch.set(input.subarray(from, firstEscape));
    let to = firstEscape - from;
    let at = firstEscape;
    while (at < close) {
      const byte = input[at]!;
      if (byte === 0x5c) {
        const code = this.escape(at);
        at += code >= 0x1_0000 ? 12 : input[at + 1] === 0x75 ? 6 : 2;
        to = writeCodePoint(scratch, to, code);
      } else if (byte < 0x20) throw this.flaw("a control character inside a string", at);
      else {
        const length = byte < 0x80 ? 1 : this.sequence(at);
        for (let i = 0; i < length; i++) scratch[to++] = input[at++]!;
      }
    }
    this.source = scratch;
    this.from = 0;
    this.to = to;
    this.at = close + 1;
  }

  /** The code point that an escape (or two, for a pair of surrogates) stands for. */
  private escape(at: number): number {
    const letter = String.fromCharCode(this.input[at + 1]!);
    if (letter === "u") {
      const unit = this.unit(at);
      if (unit < 0xd800 || unit > 0xdfff) return unit;
      const next = unit < 0xdc00 && this.input[at + 6] === 0x5c && this.input[at + 7] === 0x75 ? this.unit(at + 6) : 0;
      if (next < 0xdc00 || next > 0xdfff) throw this.flaw("half a surrogate pair", at);
      return 0x1_0000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
    }
    const place = '"\\/bfnrt'.indexOf(letter);
    if (place < 0) throw this.flaw("an escape that JSON does not know", at);
    return '"\\/\b\f\n\r\t'.charCodeAt(place);
  }

  private unit(at: number): number {
    const digits = String.fromCharCode(...this.input.subarray(at + 2, at + 6));
    if (!/^[0-9a-f]{4}$/i.test(digits)) throw this.flaw("an escape without four hex digits", at);
    return Number.parseInt(digits, 16);
  }

  /** Length of the UTF-8 sequence at a byte of 0x80 or more. */
  private sequence(at: number): number {
    const length = sequenceLength(this.input, at);
    if (length === 0) throw this.flaw("text that is not UTF-8", at);
    return length;
  }
}

/** 2, 3 or 4 for a well-formed sequence (RFC 3629), else 0. Past the end bytes are undefined and compare false. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const second = bytes[at + 1]!;
  if (first >= 0xc2 && first <= 0xdf) return isNext(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const fits = first === 0xe0 ? second >= 0xa0 : first === 0xed ? second <= 0x9f : true;
    return fits && isNext(second) && isNext(bytes[at + 2]!) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const fits = first === 0xf0 ? second >= 0x90 : first === 0xf4 ? second <= 0x8f : true;
    return fits && isNext(second) && isNext(bytes[at + 2]!) && isNext(bytes[at + 3]!) ? 4 : 0;
  }
  return 0;
}

function isNext(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}

function writeCodePoint(out: Uint8Array, start: number, code: number): number {
  let at = start;
  if (code < 0x80) out[at++] = code;
  else {
    if (code < 0x800) out[at++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x1_0000) out[at++] = 0xe0 | (code >> 12);
      else {
        out[at++] = 0xf0 | (code >> 18);
        out[at++] = 0x80 | ((code >> 12) & 0x3f);
      }
      out[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    out[at++] = 0x80 | (code & 0x3f);
  }
  return at;
}
