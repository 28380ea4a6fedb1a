/**
 * Finds the first byte of `body[start, end)` that is not UTF-8: an overlong form, a surrogate, a code point above
 * 10FFFF, a stray or missing continuation byte. Returns -1 when all is well (E-24, RFC 3629).
 */
export function invalidUtf8(body: Uint8Array, view: DataView, start: number, end: number): number {
  let at = start;
  // Telemetry is mostly ASCII: look at four bytes at a time until something else turns up.
  for (const last = end - 4; at <= last; at += 4) {
    if ((view.getInt32(at) & 0x80808080) !== 0) break;
  }
  while (at < end) {
    const lead = body[at] as number;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const width = sequenceWidth(body, at, end);
    if (width === 0) return at;
    at += width;
  }
  return -1;
}

/** How long the well-formed sequence at `at` is, 0 if there is none. `body[at]` is not ASCII. */
function sequenceWidth(body: Uint8Array, at: number, end: number): number {
  const lead = body[at] as number;
  if (lead < 0xc2) return 0; // a continuation, or an overlong form of ASCII
  if (lead < 0xe0) return at + 1 < end && isContinuation(body[at + 1] as number) ? 2 : 0;
  const second = at + 1 < end ? (body[at + 1] as number) : 0;
  if (!isContinuation(second)) return 0;
  if (lead < 0xf0) {
    if (lead === 0xe0 && second < 0xa0) return 0; // overlong
    if (lead === 0xed && second > 0x9f) return 0; // surrogate
    return at + 2 < end && isContinuation(body[at + 2] as number) ? 3 : 0;
  }
  if (lead > 0xf4) return 0;
  if (lead === 0xf0 && second < 0x90) return 0; // overlong
  if (lead === 0xf4 && second > 0x8f) return 0; // above 10FFFF
  return at + 3 < end && isContinuation(body[at + 2] as number) && isContinuation(body[at + 3] as number) ? 4 : 0;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
