import type { Output } from "./output.ts";

/**
 * Writes an id, given as hex digits of either case, with tag and length in front. What is not an id (other characters,
 * another length, nothing but zeros) is left out, which on the wire means that there is none (M-13, M-14); the position
 * is then the same as before. Needs room.
 */
export class IdField {
  readonly #output: Output;
  readonly #size: number;
  readonly #digits: Int8Array = hexDigits();
  // The id that came last: what belongs to the same trace or parent tends to end together.
  #last = "none";
  readonly #lastBytes: DataView;

  /** `size` in bytes: 16 for traces, 8 for spans. */
  constructor(output: Output, size: number) {
    this.#output = output;
    this.#size = size;
    this.#lastBytes = new DataView(new ArrayBuffer(size));
  }

  write(at: number, tag: number, id: string): number {
    const { bytes, view } = this.#output;
    const size = this.#size;
    const kept = this.#lastBytes;
    const start = at + 2;
    if (id === this.#last) {
      for (let word = 0; word < size; word += 4) view.setInt32(start + word, kept.getInt32(word));
    } else {
      if (!this.#hex(start, id)) return at;
      this.#last = id;
      for (let word = 0; word < size; word += 4) kept.setInt32(word, view.getInt32(start + word));
    }
    bytes[at] = tag;
    bytes[at + 1] = size;
    return start + size;
  }

  /** Writes the bytes; false when the text is no id. */
  #hex(at: number, text: string): boolean {
    const size = this.#size;
    if (typeof text !== "string" || text.length !== size * 2) return false;
    const { bytes } = this.#output;
    const digits = this.#digits;
    let any = 0;
    let characters = 0;
    for (let index = 0; index < size; index++) {
      const upper = text.charCodeAt(index * 2);
      const lower = text.charCodeAt(index * 2 + 1);
      const byte = ((digits[upper & 0x7f] as number) << 4) | (digits[lower & 0x7f] as number);
      characters |= upper | lower;
      any |= byte; // negative once there was no digit
      bytes[at + index] = byte;
    }
    return any > 0 && characters < 0x80;
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
