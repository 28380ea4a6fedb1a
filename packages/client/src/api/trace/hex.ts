// One call with all characters makes a flat text at once. A loop, or pieces put together, take two to three times as long,
// and every span needs an id or two.

/** The character codes of the first and the second hex digit of each byte. */
const high: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (byte >> 4).toString(16).charCodeAt(0));
const low: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (byte & 15).toString(16).charCodeAt(0));

/** Eight bytes from `at` on as hex digits. */
export function eightBytesAsHex(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    high[bytes[at]!]!,
    low[bytes[at]!]!,
    high[bytes[at + 1]!]!,
    low[bytes[at + 1]!]!,
    high[bytes[at + 2]!]!,
    low[bytes[at + 2]!]!,
    high[bytes[at + 3]!]!,
    low[bytes[at + 3]!]!,
    high[bytes[at + 4]!]!,
    low[bytes[at + 4]!]!,
    high[bytes[at + 5]!]!,
    low[bytes[at + 5]!]!,
    high[bytes[at + 6]!]!,
    low[bytes[at + 6]!]!,
    high[bytes[at + 7]!]!,
    low[bytes[at + 7]!]!,
  );
}

/** Sixteen bytes from `at` on as hex digits. */
export function sixteenBytesAsHex(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    high[bytes[at]!]!,
    low[bytes[at]!]!,
    high[bytes[at + 1]!]!,
    low[bytes[at + 1]!]!,
    high[bytes[at + 2]!]!,
    low[bytes[at + 2]!]!,
    high[bytes[at + 3]!]!,
    low[bytes[at + 3]!]!,
    high[bytes[at + 4]!]!,
    low[bytes[at + 4]!]!,
    high[bytes[at + 5]!]!,
    low[bytes[at + 5]!]!,
    high[bytes[at + 6]!]!,
    low[bytes[at + 6]!]!,
    high[bytes[at + 7]!]!,
    low[bytes[at + 7]!]!,
    high[bytes[at + 8]!]!,
    low[bytes[at + 8]!]!,
    high[bytes[at + 9]!]!,
    low[bytes[at + 9]!]!,
    high[bytes[at + 10]!]!,
    low[bytes[at + 10]!]!,
    high[bytes[at + 11]!]!,
    low[bytes[at + 11]!]!,
    high[bytes[at + 12]!]!,
    low[bytes[at + 12]!]!,
    high[bytes[at + 13]!]!,
    low[bytes[at + 13]!]!,
    high[bytes[at + 14]!]!,
    low[bytes[at + 14]!]!,
    high[bytes[at + 15]!]!,
    low[bytes[at + 15]!]!,
  );
}
