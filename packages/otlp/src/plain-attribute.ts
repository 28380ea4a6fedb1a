import { isAscii } from "./utf8.ts";

/**
 * Whether `body[at, end)` is a KeyValue in the form that nearly all attributes have (an ASCII key below 128 bytes, then
 * one ASCII string, boolean, integer or double) and is in order. Anything else is for the table to judge, which takes
 * three times as long; attributes are most of what a request consists of.
 */
export function isPlainAttribute(body: Uint8Array, view: DataView, at: number, end: number): boolean {
  // Tag and length of the key, tag and length of the value, and at least a boolean in it.
  if (end - at < 6 || body[at] !== 0x0a) return false;
  const keyLength = body[at + 1] as number;
  const valueAt = at + keyLength + 4;
  const size = end - valueAt;
  if (size < 2 || size > 0x7f || body[valueAt - 2] !== 0x12 || body[valueAt - 1] !== size) return false;
  let textEnd = valueAt;
  switch (body[valueAt]) {
    case 0x0a: // a string; the tags and lengths in between are ASCII too, so that one look at the whole is enough
      if (body[valueAt + 1] !== size - 2) return false;
      textEnd = end;
      break;
    case 0x10: // a boolean
    case 0x18: // an integer, of one to nine bytes
      if (size > 10) return false;
      for (let next = valueAt + 1; next < end; next++) {
        if ((body[next] as number) < 0x80 !== (next === end - 1)) return false;
      }
      break;
    case 0x21: // a double
      if (size !== 9) return false;
      break;
    default:
      return false;
  }
  return isAscii(body, view, at, textEnd);
}
