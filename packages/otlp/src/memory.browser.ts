/**
 * What `memory.node.ts` does, where there is no `Buffer` and memory always comes wiped. `#memory` is one of the two, by
 * the export condition "node".
 */
export function unfilled(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Not known here: two words of 32 bits are good anywhere. */
export const wordsAreWide: boolean = false;
