// OTLP/JSON straight to canonical protobuf, in one walk: no objects, no strings, text copied from bytes to bytes.

import type { FieldKind } from "./generated/schema.ts";
import { readBase64, readHex } from "./byte-text.ts";
import { numberEnd, readDouble, readInteger, type Words } from "./json-number.ts";
import { JsonReader } from "./json-parse.ts";
import { maxMessageDepth } from "./depth.ts";
import {
  type FieldLayout,
  fixed32Type,
  fixed64Type,
  hashStep,
  layoutOf,
  type MessageLayout,
  varintType,
} from "./layout.ts";
import { varintSize } from "./wire.ts";

/** Turns the JSON of a message into its protobuf and counts the items on the way. */
export function transcode(name: string, json: Uint8Array): { readonly body: Uint8Array; readonly items: number } {
  const transcoder = new Transcoder(json);
  transcoder.all(layoutOf(name));
  return { body: transcoder.out.slice(0, transcoder.at), items: transcoder.items };
}

class Transcoder {
  out: Uint8Array;
  at = 0;
  items = 0;
  private readonly reader: JsonReader;
  private readonly words: Words = { low: 0, high: 0 };
  private readonly double = new DataView(new ArrayBuffer(8));
  /** Pairs of field index and place in `out`, for the fields of the messages that are open. */
  private readonly written: number[] = [];
  /** By message id: how many bytes the last length took, because the next will most likely take as many. */
  private readonly lengthSizes: number[] = [];
  /** By message id, by index of a field (plus one): which field came next, because it will most likely come again. */
  private readonly followers: FieldLayout[][] = [];

  constructor(json: Uint8Array) {
    this.reader = new JsonReader(json);
    // Protobuf is mostly less than half as long.
    this.out = new Uint8Array((json.length >> 1) + 64);
  }

  all(layout: MessageLayout): void {
    const { reader } = this;
    if (reader.input[0] === 0xef) throw reader.flaw("a byte order mark; send UTF-8 without one");
    if (reader.peek() === -1) throw reader.flaw("expected an object and found nothing");
    this.message(layout, 0);
    if (reader.peek() !== -1) throw reader.flaw("text after the end of the object");
  }

  private message(layout: MessageLayout, depth: number): void {
    const { reader, written } = this;
    if (reader.peek() !== 0x7b) throw reader.flaw("expected an object");
    if (depth > maxMessageDepth) throw reader.flaw(`more than ${maxMessageDepth} messages inside each other`);
    reader.at++;
    if (layout.isItem) this.items++;
    if (reader.peek() === 0x7d) {
      reader.at++;
      return;
    }
    const start = this.at;
    const bottom = written.length;
    let seen = 0;
    let set = 0;
    let last = -1;
    let inOrder = true;
    const followers = (this.followers[layout.id] ??= []);
    do {
      if (reader.peek() !== 0x22) throw reader.flaw("expected a key");
      let field = followers[last + 1];
      if (field === undefined || !reader.expectedKey(field.jsonKey, field.jsonKeyWords)) {
        field = this.key(layout);
        reader.colon();
        if (field !== undefined) followers[last + 1] = field;
      }
      const first = reader.peek();
      if (field === undefined) {
        reader.skip();
        continue;
      }
      const { index } = field;
      if ((seen & (1 << index)) !== 0) throw reader.flaw("the key stands here twice");
      seen |= 1 << index;
      if (first === 0x6e) {
        reader.word("null"); // absent (E-16)
        continue;
      }
      if ((set & field.rivals) !== 0) throw reader.flaw("another arm of the same oneof is set too");
      set |= 1 << index;
      if (index < last) inOrder = false;
      last = index;
      written.push(index, this.at);
      if (field.repeated) this.list(field, first, depth);
      else this.single(field, first, depth);
    } while (reader.more(0x7d));
    if (!inOrder) this.sort(start, bottom);
    written.length = bottom;
  }

  /** Reads a key and finds its field; unknown keys have none. */
  private key(layout: MessageLayout): FieldLayout | undefined {
    const { reader } = this;
    const { input } = reader;
    const from = reader.at + 1;
    let hash = 0;
    for (let at = from; at < input.length; at++) {
      const byte = input[at]!;
      if (byte === 0x22) {
        reader.at = at + 1;
        return find(layout, hash, input, from, at);
      }
      if (byte < 0x20 || byte === 0x5c || byte >= 0x80) break;
      hash = hashStep(hash, byte);
    }
    reader.string();
    hash = 0;
    for (let at = reader.from; at < reader.to; at++) hash = hashStep(hash, reader.source[at]!);
    return find(layout, hash, reader.source, reader.from, reader.to);
  }

  private single(field: FieldLayout, first: number, depth: number): void {
    switch (field.kind) {
      case "message":
        this.tag(field.tag);
        return this.nested(field.message!, depth);
      case "string":
        this.text(first, "expected a string");
        if (this.reader.from === this.reader.to && !field.explicit) return;
        this.tag(field.tag);
        return this.copyText();
      case "bytes":
        return this.bytes(field, first);
      default:
        this.number(field.kind, first);
        if (!field.explicit && this.words.low === 0 && this.words.high === 0) return;
        this.tag(field.tag);
        return this.writeNumber(field.wireType);
    }
  }

  private list(field: FieldLayout, first: number, depth: number): void {
    const { reader } = this;
    if (first !== 0x5b) throw reader.flaw("expected an array");
    reader.at++;
    let next = reader.peek();
    if (next === 0x5d) {
      reader.at++;
      return;
    }
    const packed = field.kind !== "message" && field.kind !== "string" && field.kind !== "bytes";
    const from = packed ? this.open(field.tag, 1) : 0;
    do {
      next = reader.peek();
      if (next === 0x6e) throw reader.flaw("null inside an array");
      if (packed) {
        this.number(field.kind, next);
        this.writeNumber(field.wireType);
      } else if (field.kind === "message") {
        this.tag(field.tag);
        this.nested(field.message!, depth);
      } else if (field.kind === "string") {
        this.text(next, "expected a string");
        this.tag(field.tag);
        this.copyText();
      } else this.bytes(field, next);
    } while (reader.more(0x5d));
    if (packed) this.close(from, 1);
  }

  private nested(layout: MessageLayout, depth: number): void {
    const size = this.lengthSizes[layout.id] ?? 1;
    const from = this.open(0, size);
    this.message(layout, depth + 1);
    this.lengthSizes[layout.id] = this.close(from, size);
  }

  /** Writes a tag (if not 0) and leaves room for a length of `size` bytes; returns where the content begins. */
  private open(tag: number, size: number): number {
    if (tag !== 0) this.tag(tag);
    this.reserve(size);
    return (this.at += size);
  }

  /** Writes the length of what came since `open`, which moves if another number of bytes was left; returns the number. */
  private close(from: number, size: number): number {
    const length = this.at - from;
    const needed = varintSize(length);
    if (needed !== size) {
      this.reserve(needed);
      this.out.copyWithin(from + needed - size, from, this.at);
    }
    this.at = from - size;
    this.varint(length);
    this.at += length;
    return needed;
  }

  private text(first: number, expected: string): void {
    if (first !== 0x22) throw this.reader.flaw(expected);
    this.reader.string();
  }

  /** Writes the text read last, with its length in front. */
  private copyText(): void {
    const { source, from, to } = this.reader;
    const length = to - from;
    this.reserve(length + 5);
    this.varint(length);
    const { out } = this;
    let at = this.at;
    // Copying short pieces byte by byte is faster than the call.
    if (length < 48) for (let i = from; i < to; i++) out[at++] = source[i]!;
    else out.set(source.subarray(from, to), at);
    this.at += length;
  }

  private bytes(field: FieldLayout, first: number): void {
    const { reader } = this;
    const start = reader.at;
    this.text(first, "expected a string");
    const { source, from, to } = reader;
    // Decoded a little ahead of its place, which is known once the length is.
    const room = 10;
    this.reserve(to - from + room);
    const content = this.at + room;
    // A profile id is base64 by the letter of the specification and hex in practice; 32 characters tell (E-05).
    const hex = field.hex || (field.name === "profileId" && to - from === 32);
    let length = hex ? readHex(source, from, to, this.out, content) : -1;
    if (length < 0 && !field.hex) length = readBase64(source, from, to, this.out, content);
    if (length < 0) throw reader.flaw(field.hex ? "expected hex digits" : "expected base64", start);
    if (length === 0 && !field.explicit && !field.repeated) return;
    this.tag(field.tag);
    this.varint(length);
    const { out, at } = this;
    for (let i = 0; i < length; i++) out[at + i] = out[content + i]!;
    this.at += length;
  }

  /** Reads a number, a boolean or an enum into `words`. */
  private number(kind: FieldKind, first: number): void {
    const { reader, words } = this;
    const start = reader.at;
    if (kind === "bool") {
      if (first !== 0x74 && first !== 0x66) throw reader.flaw("expected true or false");
      reader.word(first === 0x74 ? "true" : "false");
      words.low = first === 0x74 ? 1 : 0;
      words.high = 0;
      return;
    }
    if (first === 0x22) {
      if (kind === "enum") throw reader.flaw("expected the number of an enum value; OTLP/JSON has no enum names");
      reader.string();
      const { source, from, to } = reader;
      if (numberEnd(source, from, to) !== to) {
        const special = kind === "double" ? specialDouble(source, from, to) : undefined;
        if (special === undefined) throw reader.flaw("expected a number", start);
        return this.setDouble(special);
      }
    } else reader.number();
    if (kind === "double") {
      const value = readDouble(reader.source, reader.from, reader.to);
      if (!Number.isFinite(value)) throw reader.flaw("out of the range of double", start);
      return this.setDouble(value);
    }
    const complaint = readInteger(reader.source, reader.from, reader.to, kind, words);
    if (complaint !== undefined) throw reader.flaw(complaint, start);
  }

  private setDouble(value: number): void {
    this.double.setFloat64(0, value, true);
    this.words.low = this.double.getUint32(0, true);
    this.words.high = this.double.getUint32(4, true);
  }

  private writeNumber(wireType: number): void {
    const { low, high } = this.words;
    this.reserve(10);
    if (wireType === varintType) {
      if (high === 0) return this.varint(low);
      return this.wideVarint(low, high);
    }
    this.fixed32(low);
    if (wireType === fixed64Type) this.fixed32(high);
    else if (wireType !== fixed32Type) throw new TypeError(`wire type ${wireType} is not of a number`);
  }

  private fixed32(value: number): void {
    const { out, at } = this;
    out[at] = value;
    out[at + 1] = value >>> 8;
    out[at + 2] = value >>> 16;
    out[at + 3] = value >>> 24;
    this.at += 4;
  }

  private tag(tag: number): void {
    this.reserve(5);
    if (tag < 0x80) this.out[this.at++] = tag;
    else this.varint(tag);
  }

  /** At most five bytes; the caller has made room. */
  private varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.out[this.at++] = (rest & 0x7f) | 0x80;
    this.out[this.at++] = rest;
  }

  private wideVarint(low: number, high: number): void {
    let l = low;
    let h = high;
    while (h !== 0 || l > 0x7f) {
      this.out[this.at++] = (l & 0x7f) | 0x80;
      l = ((l >>> 7) | (h << 25)) >>> 0;
      h >>>= 7;
    }
    this.out[this.at++] = l;
  }

  /** Puts the fields of the innermost message, written since `start` in the order of their keys, into that of their numbers. */
  private sort(start: number, bottom: number): void {
    const { written } = this;
    const content = this.out.slice(start, this.at);
    const pieces: { readonly index: number; readonly bytes: Uint8Array }[] = [];
    for (let i = bottom; i < written.length; i += 2) {
      const from = written[i + 1]! - start;
      const to = (written[i + 3] ?? this.at) - start;
      pieces.push({ index: written[i]!, bytes: content.subarray(from, to) });
    }
    pieces.sort((a, b) => a.index - b.index);
    let at = start;
    for (const { bytes } of pieces) {
      this.out.set(bytes, at);
      at += bytes.length;
    }
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.out.length) return;
    const bigger = new Uint8Array(Math.max(this.out.length * 2, this.at + bytes));
    bigger.set(this.out.subarray(0, this.at));
    this.out = bigger;
  }
}

function find(
  layout: MessageLayout,
  hash: number,
  source: Uint8Array,
  from: number,
  to: number,
): FieldLayout | undefined {
  const { mask, slots } = layout.keys;
  for (let i = hash & mask; ; i = (i + 1) & mask) {
    const slot = slots[i];
    if (slot === undefined) return undefined;
    const { bytes } = slot;
    if (bytes.length !== to - from) continue;
    let same = 0;
    while (same < bytes.length && bytes[same] === source[from + same]) same++;
    if (same === bytes.length) return slot.field;
  }
}

const specials: readonly (readonly [string, number])[] = [
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];

function specialDouble(source: Uint8Array, from: number, to: number): number | undefined {
  if (to - from > 9) return undefined;
  const text = String.fromCharCode(...source.subarray(from, to));
  return specials.find(([name]) => name === text)?.[1];
}
