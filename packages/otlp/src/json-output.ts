/** Bytes that may be overwritten behind what `reserve` promised, so that writers can store whole words. */
const slackBytes = 8;

/**
 * JSON in the making: one buffer that grows, written from the front. Whoever writes reserves first and then stores at
 * `at`; `bytes` and `view` are new after a reservation that made the buffer grow.
 */
export class JsonOutput {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  at = 0;
  private limit: number;

  constructor(expectedBytes: number) {
    this.bytes = new Uint8Array(expectedBytes + slackBytes);
    this.view = new DataView(this.bytes.buffer);
    this.limit = expectedBytes;
  }

  /** Makes room for so many more bytes, and a word behind them. */
  reserve(bytes: number): void {
    if (this.at + bytes > this.limit) this.grow(this.at + bytes);
  }

  private grow(bytes: number): void {
    this.limit = Math.max(bytes, Math.ceil(this.limit * 1.5));
    const grown = new Uint8Array(this.limit + slackBytes);
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** Adds one byte. Room for it is reserved. */
  byte(byte: number): void {
    this.bytes[this.at++] = byte;
  }

  /** Adds bytes that were made ready as words. Room for them is reserved. */
  ready({ length, words }: ReadyBytes): void {
    const { at, view } = this;
    for (let i = 0; i < words.length; i++) view.setInt32(at + i * 4, words[i]!, true);
    this.at = at + length;
  }

  /** What was written. A buffer much larger than that is not kept alive for it. */
  finish(): Uint8Array<ArrayBuffer> {
    const { at, bytes } = this;
    return bytes.length - at > at >>> 2 ? bytes.slice(0, at) : bytes.subarray(0, at);
  }
}

/** Bytes that are written often, in words of four, least significant first; the last is filled up. */
export interface ReadyBytes {
  readonly length: number;
  readonly words: readonly number[];
}

/** Makes ASCII ready to be written often. */
export function readyAscii(text: string): ReadyBytes {
  const words = Array.from({ length: (text.length + 3) >>> 2 }, () => 0);
  for (let i = 0; i < text.length; i++) words[i >>> 2]! |= text.charCodeAt(i) << ((i & 3) * 8);
  return { length: text.length, words };
}
