import type { Output } from "./output.ts";
import type { ReadyBytes } from "./ready-bytes.ts";

const maxTexts = 64;
const maxTextLength = 200;

/** A text and the bytes it became, ready to be copied; the piece 0 is none. */
interface ReadyText {
  readonly text: string | undefined;
  readonly piece: number;
}

const none: ReadyText = { text: undefined, piece: 0 };

/**
 * The texts that were seen in one place, each with the bytes it became. A place with more than 64 of them (a URL, an id)
 * is given up, for looking would cost more than it saves.
 */
export class ReadyTexts {
  #last = none;
  #texts: Map<string, ReadyText> | undefined = new Map();
  readonly #ready: ReadyBytes;

  constructor(ready: ReadyBytes) {
    this.#ready = ready;
  }

  /** The piece of a text, 0 if there is none. A place that always says the same needs no look-up. */
  find(text: string): number {
    const last = this.#last;
    return text === last.text ? last.piece : this.#lookUp(text);
  }

  #lookUp(text: string): number {
    const found = this.#texts?.get(text);
    if (found === undefined) return 0;
    this.#last = found;
    return found.piece;
  }

  /** Keeps what a text became, `bytes[from, to)`. */
  keep(text: string, bytes: Uint8Array, from: number, to: number): void {
    const texts = this.#texts;
    if (texts === undefined || text.length > maxTextLength) return;
    if (texts.size === maxTexts) {
      this.#texts = undefined;
      return;
    }
    const piece = this.#ready.keep(bytes, from, to);
    if (piece === 0) return;
    const own = ownCopy(text);
    texts.set(own, { text: own, piece });
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
    const piece = texts.find(text);
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
