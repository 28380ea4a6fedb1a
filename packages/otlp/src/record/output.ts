import { ExportError } from "@otlpkit/core";
import { textInto, utf8Size, type WriteText } from "#text";
import { varintSize, writeVarint } from "../wire.ts";

/** So many bytes may be written after {@link Output.room} without asking again. */
const slack = 1024;

/** One item cannot be larger than what a receiver takes as a whole request (N1-01); this also bounds what has no end. */
const maxItemBytes = 64 * 1024 * 1024;
const firstBytes = 16 * 1024;
// A loop does short ASCII texts in the time that it takes to call out of the engine's compiled code.
const shortText = 16;
// Room for a longer text is made exactly; for a shorter one, as if it took all that it can.
const longText = 16 * 1024;

/**
 * The bytes that a chunk grows in. Writing is the same for all: a position is given, the position after comes back. Room
 * is made first, which may replace `bytes` and `view`.
 */
export class Output {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** Where the item begins that is being written. */
  itemStart = 0;
  #limit = 0;
  #writeText: WriteText = () => 0;
  #usual = 0;

  constructor() {
    this.#use(new Uint8Array(firstBytes));
  }

  /** Makes room for `slack` bytes and so many more. */
  room(at: number, bytes = 0): void {
    if (at + bytes > this.#limit) this.#grow(at, bytes);
  }

  /** Makes room for a text and gives its size: exact for a long one, else a guess, as if it were ASCII. */
  roomForText(at: number, text: string): number {
    const { length } = text;
    const size = length > longText ? utf8Size(text) : length;
    this.room(at, length > longText ? size : size * 3);
    return size;
  }

  /** Writes the text alone. */
  text(at: number, text: string): number {
    const { length } = text;
    if (length > shortText) return at + this.#writeText(text, at);
    const { bytes } = this;
    let bits = 0;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      bits |= unit;
      bytes[at + index] = unit;
    }
    return bits < 0x80 ? at + length : at + this.#writeText(text, at);
  }

  /** Writes a text with tag and length in front, whatever it is: most are ASCII, so that is what the length is guessed by. */
  textField(at: number, tag: number, text: string): number {
    if (typeof text !== "string") return this.textField(at, tag, String(text)); // from JavaScript without types
    let size = this.roomForText(at, text);
    this.bytes[at] = tag;
    for (;;) {
      const start = writeVarint(this.bytes, at + 1, size);
      const end = this.text(start, text);
      if (end - start === size) return end;
      size = end - start;
    }
  }

  /** The same, unless there is no text. */
  optionalText(at: number, tag: number, text: string | undefined): number {
    return text ? this.textField(at, tag, text) : at;
  }

  /** Writes bytes with tag and length in front. */
  bytesField(at: number, tag: number, content: Uint8Array): number {
    this.room(at, content.length);
    this.bytes[at] = tag;
    const start = writeVarint(this.bytes, at + 1, content.length);
    this.bytes.set(content, start);
    return start + content.length;
  }

  /**
   * Writes the length of what lies between `start` and `end` in front of it, where `reserved` bytes were left, and gives
   * the new end: only when that was not the right number of bytes need the content be moved.
   */
  close(start: number, end: number, reserved: number): number {
    const size = end - start;
    const needed = varintSize(size);
    const from = start - reserved;
    if (needed !== reserved) {
      this.room(end);
      this.bytes.copyWithin(from + needed, start, end);
    }
    writeVarint(this.bytes, from, size);
    return from + needed + size;
  }

  /** Begins from the front again. After an unusual burst it lets go of the memory, some chunks later. */
  restart(usedBytes: number): void {
    this.itemStart = 0;
    this.#usual = Math.max(usedBytes, (this.#usual * 3) / 4);
    const fit = this.#usual * 2 + firstBytes;
    if (this.bytes.length > fit * 4) this.#use(new Uint8Array(fit));
  }

  #grow(at: number, bytes: number): void {
    if (at + bytes - this.itemStart > maxItemBytes) {
      throw new ExportError(
        "too-large",
        `cannot encode an item of more than ${maxItemBytes} bytes; no receiver takes it`,
      );
    }
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, at + bytes + slack * 2));
    grown.set(this.bytes.subarray(0, at));
    this.#use(grown);
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.#limit = bytes.length - slack;
    this.#writeText = textInto(bytes);
  }
}
