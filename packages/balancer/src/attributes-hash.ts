import { messages } from "@otlpkit/otlp";
import { hashBytes, mix } from "./hash.ts";

/**
 * A hash of the attributes of the message in `[start, end)`, whose name is `type`, whatever their order. Trusts that the
 * request has passed `scan`.
 */
export function attributesHash(body: Uint8Array, start: number, end: number, type: string): number {
  const wanted = attributesTag(type);
  let sum = 0;
  let at = start;
  while (at < end) {
    const tag = readVarint();
    const length = lengthOf(tag & 7);
    if (tag === wanted) sum = (sum + hashBytes(body, at, at + length)) | 0;
    at += length;
  }
  return mix(sum) >>> 0;

  /** Of numbers below 2^53; more is not asked for. */
  function readVarint(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = body[at++] as number;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  }

  /** How much follows a tag; a length before it has been read. */
  function lengthOf(wireType: number): number {
    if (wireType === 2) return readVarint();
    if (wireType === 1) return 8;
    if (wireType === 5) return 4;
    readVarint();
    return 0;
  }
}

function attributesTag(type: string): number {
  const field = messages[type]?.fields.find(({ name }) => name === "attributes");
  return ((field?.number ?? 0) << 3) | 2;
}
