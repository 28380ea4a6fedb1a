// Bytes as text: hex for ids, base64 for the rest.

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The bytes as lower-case hex (E-03). */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) text += hexPairs[bytes[at]!]!;
  return text;
}

/** The bytes as standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 4096) binary += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(binary);
}

/** Reads hex of either case into `out` and returns the number of bytes, or -1 if the text is not hex (E-02). */
export function readHex(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  if ((to - from) % 2 !== 0) return -1;
  let next = at;
  for (let i = from; i < to; i += 2) {
    const upper = hexValue(text[i]!);
    const lower = hexValue(text[i + 1]!);
    if ((upper | lower) < 0) return -1;
    out[next++] = (upper << 4) | lower;
  }
  return next - at;
}

/**
 * Reads base64 into `out` and returns the number of bytes, or -1 if the text is not base64. Takes the standard and the
 * URL-safe alphabet, with padding or without (E-20).
 */
export function readBase64(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let end = to;
  if ((to - from) % 4 === 0) for (let i = 0; i < 2 && end > from && text[end - 1] === 0x3d; i++) end--;
  if ((end - from) % 4 === 1) return -1;
  let next = at;
  let bits = 0;
  for (let i = from, count = 0; i < end; i++) {
    const value = base64Value(text[i]!);
    if (value < 0) return -1;
    bits = ((bits << 6) | value) & 0xfff;
    count = (count + 6) % 8;
    if (count !== 6) out[next++] = bits >>> count;
  }
  return next - at;
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function base64Value(byte: number): number {
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x47;
  if (byte >= 0x41 && byte <= 0x5a) return byte - 0x41;
  if (byte >= 0x30 && byte <= 0x39) return byte + 4;
  if (byte === 0x2b || byte === 0x2d) return 62;
  return byte === 0x2f || byte === 0x5f ? 63 : -1;
}
