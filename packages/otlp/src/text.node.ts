/** Writes text as UTF-8 at a position of the bytes it was made for, and gives the number of bytes written. */
export type WriteText = (text: string, at: number) => number;

/**
 * Writes text into `bytes`, which must have room for it. Lone surrogates become U+FFFD. `#text` is this file or
 * `text.browser.ts`, by the export condition "node": here the engine copies, without an object made for each text.
 */
export function textInto(bytes: Uint8Array<ArrayBuffer>): WriteText {
  const buffer: Buffer & { utf8Write?: WriteText } = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.utf8Write === undefined) return (text, at) => buffer.write(text, at, "utf8");
  // What `write` ends up calling, at two thirds of its cost. Not documented, so it may be gone one day.
  const direct = buffer as { utf8Write: WriteText };
  return (text, at) => direct.utf8Write(text, at);
}

/** How many bytes a text takes as UTF-8. */
export function utf8Size(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
