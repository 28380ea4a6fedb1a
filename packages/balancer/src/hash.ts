// Hashes that every process and version computes alike, so that several clients agree who gets what. No secret is in them.

/** Spreads every bit of a number over all others; the result is a signed 32-bit integer. */
export function mix(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return bits ^ (bits >>> 15);
}

/** A number from 0 to 2^32 - 1 made of a text (FNV-1a over its UTF-16 units, mixed). */
export function hashText(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash ^ text.length) >>> 0;
}

/** The same of bytes. */
export function hashBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return mix(hash ^ (end - start)) >>> 0;
}

/** Joins two hashes to one; the order matters. */
export function joinHashes(a: number, b: number): number {
  return mix(Math.imul(a, 0x9e3779b1) ^ b) >>> 0;
}

/** The same of the 16 bytes at `at`. All of them count, since some senders begin their trace ids with the time. */
export function hashWords(view: DataView, at: number): number {
  const first = mix(view.getInt32(at) ^ Math.imul(view.getInt32(at + 4), 0x9e3779b1));
  return mix(first ^ view.getInt32(at + 8) ^ Math.imul(view.getInt32(at + 12), 0x85ebca6b)) >>> 0;
}
