import { varintSize, writeVarint } from "../wire.ts";
import type { Output } from "./output.ts";
import { pieceSize, type ReadyBytes } from "./ready-bytes.ts";
import { ReadyTexts } from "./ready-texts.ts";
import { topValueDepth, ValueField } from "./value-field.ts";

// A key that takes more bytes is not kept ready, so that with one that is, a number and its lengths take less than 128.
const maxKeyBytes = 100;
const maxKeys = 1024;

/** What is known about a key of attributes. */
class Key {
  readonly name: string;
  /** The key as a field of KeyValue, ready to be copied. */
  readonly piece: number;
  /** Its values that are texts; what is kept ready is the KeyValue from its length on. */
  readonly texts: ReadyTexts;
  /** The key that came after it last time. Programs set attributes in the same order, so it mostly will again. */
  next: Key | undefined = undefined;

  constructor(name: string, piece: number, ready: ReadyBytes) {
    this.name = name;
    this.piece = piece;
    this.texts = new ReadyTexts(ready);
  }
}

/** Where attributes stand: the tag that each of them gets there, and what the first key was last time. */
export interface AttributeSite {
  readonly tag: number;
  readonly before: Key;
}

/** Writes attributes, each a KeyValue with tag and length in front. Keys and texts seen before are copied. */
export class AttributeFields {
  readonly #output: Output;
  readonly #ready: ReadyBytes;
  readonly #keys = new Map<string, Key>();
  readonly value: ValueField;

  constructor(output: Output, ready: ReadyBytes) {
    this.#output = output;
    this.#ready = ready;
    this.value = new ValueField(output, this);
  }

  site(tag: number): AttributeSite {
    return { tag, before: new Key("", 0, this.#ready) };
  }

  write(at: number, attributes: object, site: AttributeSite, depth: number = topValueDepth): number {
    const output = this.#output;
    const { tag, before } = site;
    let end = at;
    let previous = before;
    for (const name in attributes) {
      // `Object.hasOwn` the engine does not see through: 10 ns a key.
      if (!Object.prototype.hasOwnProperty.call(attributes, name)) continue;
      const value = (attributes as Readonly<Record<string, unknown>>)[name];
      let key = previous.next;
      if (key === undefined || key.name !== name) {
        key = this.#find(name);
        if (key === undefined) {
          // A key must not be empty; inside a value it may (M-21).
          if (name !== "" || depth !== topValueDepth) end = this.entry(end, tag, name, value, depth);
          continue;
        }
        previous.next = key;
      }
      previous = key;
      output.room(end);
      if (typeof value === "string") {
        const { texts } = key;
        const piece = texts.find(value);
        if (piece !== 0) {
          output.bytes[end] = tag;
          end = this.#ready.copy(piece, output.view, end + 1);
        } else {
          const start = end;
          end = this.#text(start, tag, key, value);
          texts.keep(value, output.bytes, start + 1, end);
        }
      } else {
        end = this.#other(end, tag, key, value, depth);
      }
    }
    return end;
  }

  /** Writes one attribute of which nothing is known. */
  entry(at: number, tag: number, name: string, value: unknown, depth: number): number {
    const output = this.#output;
    output.room(at);
    output.bytes[at] = tag;
    const start = at + 2;
    const valueAt = output.optionalText(start, 0x0a, name);
    output.room(valueAt);
    output.bytes[valueAt] = 0x12;
    const end = this.value.write(valueAt + 2, value, depth);
    return output.close(start, output.close(valueAt + 2, end, 1), 1);
  }

  #find(name: string): Key | undefined {
    const known = this.#keys.get(name);
    if (known !== undefined || name === "" || name.length > maxKeyBytes) return known;
    const bytes = keyField(name);
    if (bytes.length > maxKeyBytes) return undefined;
    const piece = this.#ready.keep(bytes, 0, bytes.length);
    if (piece === 0) return undefined;
    const key = new Key(name, piece, this.#ready);
    this.#keys.set(name, key);
    if (this.#keys.size === maxKeys) this.#ready.full = true;
    return key;
  }

  /** A text: all lengths follow from that of the text, which is guessed as if it were ASCII. */
  #text(at: number, tag: number, key: Key, text: string): number {
    const output = this.#output;
    let size = output.roomForText(at, text);
    const { bytes, view } = output;
    const keySize = pieceSize(key.piece);
    bytes[at] = tag;
    for (;;) {
      const valueSize = 1 + varintSize(size) + size;
      let next = writeVarint(bytes, at + 1, keySize + 1 + varintSize(valueSize) + valueSize);
      next = this.#ready.copy(key.piece, view, next);
      bytes[next] = 0x12;
      next = writeVarint(bytes, next + 1, valueSize);
      bytes[next] = 0x0a;
      next = writeVarint(bytes, next + 1, size);
      const end = output.text(next, text);
      if (end - next === size) return end;
      size = end - next;
    }
  }

  #other(at: number, tag: number, key: Key, value: unknown, depth: number): number {
    const output = this.#output;
    const { bytes } = output;
    const start = at + 2;
    bytes[at] = tag;
    const valueAt = this.#ready.copy(key.piece, output.view, start);
    bytes[valueAt] = 0x12;
    if (typeof value === "number" || typeof value === "boolean") {
      const end = this.value.write(valueAt + 2, value);
      bytes[valueAt + 1] = end - valueAt - 2;
      bytes[at + 1] = end - start;
      return end;
    }
    const end = this.value.write(valueAt + 2, value, depth);
    return output.close(start, output.close(valueAt + 2, end, 1), 1);
  }
}

function keyField(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(1 + varintSize(text.length) + text.length);
  bytes[0] = 0x0a;
  bytes.set(text, writeVarint(bytes, 1, text.length));
  return bytes;
}
