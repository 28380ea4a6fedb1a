import type { Output } from "./output.ts";

/**
 * Writes ids, given as hex digits of either case, with tag and length in front. What is not an id (other characters,
 * another length, nothing but zeros) is left out, which on the wire means that there is none (M-13, M-14); the position
 * is then the same as before. Needs room.
 */
export class IdFields {
  readonly #output: Output;
  readonly #digits: Int8Array = hexDigits();
  // The trace id that came last, as text and in words: the spans of a trace tend to end together.
  #trace = "none";
  readonly #traceBytes: DataView = new DataView(new ArrayBuffer(16));

  constructor(output: Output) {
    this.#output = output;
  }

  /** A trace id of 32 digits. */
  trace(at: number, tag: number, id: string): number {
    const { bytes, view } = this.#output;
    const kept = this.#traceBytes;
    const start = at + 2;
    if (id !== this.#trace) {
      if (!this.#hex(start, id, 16)) return at;
      this.#trace = id;
      for (let word = 0; word < 16; word += 4) kept.setInt32(word, view.getInt32(start + word));
    } else {
      for (let word = 0; word < 16; word += 4) view.setInt32(start + word, kept.getInt32(word));
    }
    bytes[at] = tag;
    bytes[at + 1] = 16;
    return start + 16;
  }

  /** A span id of 16 digits. */
  span(at: number, tag: number, id: string): number {
    if (!this.#hex(at + 2, id, 8)) return at;
    const { bytes } = this.#output;
    bytes[at] = tag;
    bytes[at + 1] = 8;
    return at + 10;
  }

  /** Writes so many bytes; false when the text is none of them, or they are all 0. */
  #hex(at: number, text: string, size: number): boolean {
    if (typeof text !== "string" || text.length !== size * 2) return false;
    const { bytes } = this.#output;
    const digits = this.#digits;
    let any = 0;
    for (let index = 0; index < size; index++) {
      const upper = text.charCodeAt(index * 2);
      const lower = text.charCodeAt(index * 2 + 1);
      const byte = ((digits[upper & 0x7f] as number) << 4) | (digits[lower & 0x7f] as number);
      if (byte < 0 || (upper | lower) > 0x7f) return false;
      any |= byte;
      bytes[at + index] = byte;
    }
    return any !== 0;
  }
}

/** For each ASCII character its value as a digit, -1 for others. */
function hexDigits(): Int8Array {
  const digits = new Int8Array(128).fill(-1);
  for (let value = 0; value < 16; value++) {
    const digit = value.toString(16);
    digits[digit.charCodeAt(0)] = value;
    digits[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return digits;
}
