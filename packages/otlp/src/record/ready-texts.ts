import type { Output } from "./output.ts";
import type { ReadyBytes } from "./ready-bytes.ts";

const maxTexts = 64;

/**
 * The texts that were seen in one place, each with the bytes it became. A place with more than 64 of them (a URL, an id)
 * is given up, for looking would cost more than it saves.
 */
export class ReadyTexts {
  /** The text that came last, and its piece; a place that always says the same needs no look-up. */
  last: string | undefined = undefined;
  lastPiece = 0;
  #pieces: Map<string, number> | undefined = new Map();
  readonly #ready: ReadyBytes;

  constructor(ready: ReadyBytes) {
    this.#ready = ready;
  }

  /** The piece of a text, 0 if there is none. */
  find(text: string): number {
    const piece = this.#pieces?.get(text);
    if (piece === undefined) return 0;
    this.last = text;
    this.lastPiece = piece;
    return piece;
  }

  /** Keeps what a text became, `bytes[from, to)`. */
  keep(text: string, bytes: Uint8Array, from: number, to: number): void {
    const pieces = this.#pieces;
    if (pieces === undefined || to - from > 255) return;
    if (pieces.size === maxTexts) {
      this.#pieces = undefined;
      return;
    }
    const piece = this.#ready.keep(bytes, from, to);
    if (piece !== 0) pieces.set(ownCopy(text), piece);
  }
}

/**
 * A text that holds on to no other: a part cut out of a large text would keep all of it. To be the name of a property, the
 * engine makes a copy, which is also the one that the program's own equal constants have.
 */
function ownCopy(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string;
}

/** Writes a text that is often the same as before, with tag and length in front; nothing when it is empty. */
export class TextField {
  readonly #tag: number;
  readonly #output: Output;
  readonly #ready: ReadyBytes;
  readonly #texts: ReadyTexts;

  constructor(output: Output, ready: ReadyBytes, tag: number) {
    this.#output = output;
    this.#ready = ready;
    this.#tag = tag;
    this.#texts = new ReadyTexts(ready);
  }

  write(at: number, text: string | undefined): number {
    if (!text) return at;
    const texts = this.#texts;
    const piece = text === texts.last ? texts.lastPiece : texts.find(text);
    if (piece !== 0) {
      this.#output.room(at);
      return this.#ready.copy(piece, this.#output.view, at);
    }
    if (typeof text !== "string") return this.write(at, String(text)); // from JavaScript without types
    const end = this.#output.textField(at, this.#tag, text);
    texts.keep(text, this.#output.bytes, at, end);
    return end;
  }
}
