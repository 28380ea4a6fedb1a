// Bytes as hex and base64, into JSON.

import type { JsonOutput } from "./json-output.ts";

const hexDigits = "0123456789abcdef";
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Two digits a byte, the first in the lower half. */
const hexPairs = /* @__PURE__ */ Uint16Array.from(
  { length: 256 },
  (_, byte) => hexDigits.charCodeAt(byte >>> 4) | (hexDigits.charCodeAt(byte & 0xf) << 8),
);
const sixBits = /* @__PURE__ */ Uint8Array.from(alphabet, (letter) => letter.charCodeAt(0));
const padding = 0x3d;

/** Writes `body[from, to)` as lower-case hex (E-03). */
export function writeHex(out: JsonOutput, body: Uint8Array, from: number, to: number): void {
  out.reserve((to - from) * 2);
  const { view } = out;
  let { at } = out;
  for (let i = from; i < to; i++, at += 2) view.setUint16(at, hexPairs[body[i]!]!, true);
  out.at = at;
}

/** Writes `body[from, to)` as standard base64 with padding. */
export function writeBase64(out: JsonOutput, body: Uint8Array, from: number, to: number): void {
  out.reserve(Math.ceil((to - from) / 3) * 4);
  const { bytes } = out;
  let { at } = out;
  let i = from;
  for (; i + 2 < to; i += 3) {
    const bits = (body[i]! << 16) | (body[i + 1]! << 8) | body[i + 2]!;
    bytes[at++] = sixBits[bits >>> 18]!;
    bytes[at++] = sixBits[(bits >>> 12) & 63]!;
    bytes[at++] = sixBits[(bits >>> 6) & 63]!;
    bytes[at++] = sixBits[bits & 63]!;
  }
  if (i < to) {
    const isOne = i + 1 === to;
    const bits = (body[i]! << 16) | (isOne ? 0 : body[i + 1]! << 8);
    bytes[at++] = sixBits[bits >>> 18]!;
    bytes[at++] = sixBits[(bits >>> 12) & 63]!;
    bytes[at++] = isOne ? padding : sixBits[(bits >>> 6) & 63]!;
    bytes[at++] = padding;
  }
  out.at = at;
}
