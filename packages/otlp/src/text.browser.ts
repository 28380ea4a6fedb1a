/** Writes text as UTF-8 at a position of the bytes it was made for, and gives the number of bytes written. */
export type WriteText = (text: string, at: number) => number;

/** What `text.node.ts` does, where there is no `Buffer`. */
export function textInto(bytes: Uint8Array<ArrayBuffer>): WriteText {
  const encoder = new TextEncoder();
  return (text, at) => encoder.encodeInto(text, bytes.subarray(at)).written;
}

/** How many bytes a text takes as UTF-8. */
export function utf8Size(text: string): number {
  return new TextEncoder().encode(text).length;
}
