/**
 * Memory for bytes that are about to be written, all of them. What it held before is not wiped out, which for a large
 * request takes a quarter of the time of writing it. Never from the pool of `Buffer`, so that nobody else's bytes lie
 * beside these.
 */
export function unfilled(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

/**
 * Whether the engine reads and writes 64 bits of a `DataView` without making a BigInt of them: V8 does from Node 24 on.
 * Where it does not, it takes five times as long as two words of 32 bits.
 */
export const wordsAreWide: boolean = Number.parseInt(process.versions.node, 10) >= 24;
