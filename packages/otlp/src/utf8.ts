/**
 * Finds the first byte of `body[start, end)` that is not UTF-8: an overlong form, a surrogate, a code point above
 * 10FFFF, a stray or missing continuation byte. Returns -1 when all is well (E-24, RFC 3629). `view` covers `body`.
 */
export function invalidUtf8(body: Uint8Array, view: DataView, start: number, end: number): number {
  if (isAscii(body, view, start, end)) return -1;
  let at = start;
  while (at < end) {
    if ((body[at] as number) < 0x80) {
      at++;
      continue;
    }
    const width = sequenceWidth(body, at, end);
    if (width === 0) return at;
    at += width;
  }
  return -1;
}

/**
 * Telemetry is mostly ASCII. Eight bytes at a time, the last eight overlapping those before, cost a quarter of a loop;
 * nothing is gained by stopping early, for that takes a branch at every step.
 */
export function isAscii(body: Uint8Array, view: DataView, start: number, end: number): boolean {
  const length = end - start;
  if (length < 4) {
    let bits = 0;
    for (let at = start; at < end; at++) bits |= body[at] as number;
    return bits < 0x80;
  }
  if (length < 8) return ((view.getInt32(start, true) | view.getInt32(end - 4, true)) & 0x80808080) === 0;
  const last = end - 8;
  let bits = view.getInt32(last, true) | view.getInt32(last + 4, true);
  for (let at = start; at < last; at += 8) bits |= view.getInt32(at, true) | view.getInt32(at + 4, true);
  return (bits & 0x80808080) === 0;
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
