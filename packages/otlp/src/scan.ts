import type { Signal } from "@otlpkit/core";
import { maxMessageDepth } from "./depth.ts";
import { malformed } from "./malformed.ts";
import { isPlainAttribute } from "./plain-attribute.ts";
import { invalidUtf8 } from "./utf8.ts";
import { step, wireTable } from "./wire-table.ts";
import { wireType } from "./wire.ts";

/** How strictly to scan. */
export interface ScanOptions {
  /**
   * How many messages may lie inside each other below the request. Default 100, the limit of most protobuf parsers, so
   * that what passes here passes there too (E-25).
   */
  readonly maxDepth?: number;
}

/**
 * Checks that `body` is a well-formed request that every protobuf parser will accept, and returns how many items it
 * holds. Makes no objects. Checked are tags, wire types of known fields, lengths, varints, groups, depth and the UTF-8 of
 * every string. Unknown fields pass. What a value means is not looked at: an id of 3 bytes is well-formed (M-13).
 *
 * Everything else in this package that takes bytes trusts that they have passed here.
 *
 * Throws `ExportError` "invalid", naming the field and the offset (B-14).
 */
export function scan(signal: Signal, body: Uint8Array, options: ScanOptions = {}): number {
  const maxOpen = (options.maxDepth ?? maxMessageDepth) * 2;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const { steps, width, keyValue } = wireTable;
  const attribute = (keyValue << 4) | step.message;
  /** The messages around this one: end and row of each. */
  const open: number[] = [];
  let row = wireTable.requests[signal] * width;
  let end = body.length;
  let at = 0;
  let items = 0;
  // Of the oneof in Metric only the last arm counts: going from one arm to another forgets the points of the first.
  let itemsBeforeMetric = 0;
  let lastArm = 0;

  for (;;) {
    while (at === end) {
      if (open.length === 0) return items;
      row = open.pop() as number;
      end = open.pop() as number;
    }

    const fieldAt = at;
    let tag = body[at++] as number;
    if (tag > 0x7f) {
      tag &= 0x7f;
      for (let shift = 7, byte = 0x80; byte > 0x7f; shift += 7) {
        if (at === end) throw malformed(signal, body, fieldAt, fieldAt, "a tag is cut short");
        byte = body[at++] as number;
        if (shift === 28 && byte > 0xf) throw malformed(signal, body, fieldAt, fieldAt, "a tag is longer than 32 bits");
        tag |= (byte & 0x7f) << shift;
      }
      tag >>>= 0;
    }
    const todo = tag < width ? (steps[row + tag] as number) : step.unknown;

    if (todo === attribute && at < end && open.length + 2 < maxOpen) {
      // Most of a request is attributes, and nearly all of them have one form, which can be told in a few looks.
      const length = body[at] as number;
      const valueAt = at + 1;
      const valueEnd = valueAt + length;
      if (length < 0x80 && valueEnd <= end && isPlainAttribute(body, view, valueAt, valueEnd)) {
        at = valueEnd;
        continue;
      }
    }
    if ((tag & 7) === wireType.length) {
      const kind = todo & 0xf;
      if (kind === step.refused) throw malformed(signal, body, fieldAt, at, refusal(tag));
      const lengthAt = at;
      if (at === end) throw malformed(signal, body, fieldAt, lengthAt, "the length is cut short");
      let length = body[at++] as number;
      if (length > 0x7f) {
        length &= 0x7f;
        for (let shift = 7, byte = 0x80; byte > 0x7f; shift += 7) {
          if (at === end) throw malformed(signal, body, fieldAt, lengthAt, "the length is cut short");
          byte = body[at++] as number;
          if (shift === 28 && byte > 7) throw malformed(signal, body, fieldAt, lengthAt, "the length is above 2 GiB");
          length |= (byte & 0x7f) << shift;
        }
      }
      if (length > end - at) {
        throw malformed(signal, body, fieldAt, lengthAt, `a length of ${length} with ${end - at} bytes left`);
      }

      if (kind >= step.message) {
        if (kind !== step.message) {
          if (kind === step.item) items++;
          else if (kind === step.metric) {
            itemsBeforeMetric = items;
            lastArm = 0;
          } else {
            if (lastArm !== 0 && lastArm !== tag) items = itemsBeforeMetric;
            lastArm = tag;
          }
        }
        if (open.length >= maxOpen)
          throw malformed(signal, body, fieldAt, fieldAt, `more than ${maxOpen / 2} levels deep`);
        if (length === 0) continue;
        const child = todo >>> 4;
        open.push(end, row);
        end = at + length;
        row = child * width;
        continue;
      }
      const valueEnd = at + length;
      if (kind === step.string) {
        const bad = invalidUtf8(body, view, at, valueEnd);
        if (bad !== -1) throw malformed(signal, body, fieldAt, bad, "invalid UTF-8");
      } else if (kind === step.packedVarint) {
        for (let next = at; next < valueEnd;) {
          const after = endOfVarint(body, next, valueEnd);
          if (after === -1) throw malformed(signal, body, fieldAt, next, badVarint);
          next = after;
        }
      } else if (kind === step.packedFixed64 || kind === step.packedFixed32) {
        const size = kind === step.packedFixed64 ? 8 : 4;
        if (length % size !== 0) {
          throw malformed(
            signal,
            body,
            fieldAt,
            lengthAt,
            `a packed field of ${length} bytes holds no whole ${size}-byte values`,
          );
        }
      }
      at = valueEnd;
      continue;
    }

    if ((todo & 0xf) === step.refused) throw malformed(signal, body, fieldAt, at, refusal(tag));
    switch (tag & 7) {
      case wireType.varint: {
        if (at < end && (body[at] as number) < 0x80) {
          at++;
          break;
        }
        const after = endOfVarint(body, at, end);
        if (after === -1) throw malformed(signal, body, fieldAt, at, badVarint);
        at = after;
        break;
      }
      case wireType.fixed64:
        if (end - at < 8) throw malformed(signal, body, fieldAt, at, "an 8-byte value is cut short");
        at += 8;
        break;
      case wireType.fixed32:
        if (end - at < 4) throw malformed(signal, body, fieldAt, at, "a 4-byte value is cut short");
        at += 4;
        break;
      case wireType.startGroup: {
        const after = endOfGroup(body, at, end, tag >>> 3, maxOpen / 2 - open.length / 2);
        if (after === -1) throw malformed(signal, body, fieldAt, at, "a group is not closed, malformed or too deep");
        at = after;
        break;
      }
      default:
        throw malformed(signal, body, fieldAt, fieldAt, refusal(tag));
    }
  }
}

const badVarint = "a varint is cut short or longer than 64 bits";

/** The position after the varint at `at`, or -1. Ten bytes are enough for 64 bits; over-long forms are fine (M-40). */
function endOfVarint(body: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end) {
    const byte = body[next++] as number;
    if (byte < 0x80) return next - at < 10 || byte < 2 ? next : -1;
    if (next - at === 10) return -1;
  }
  return -1;
}

/** The position after an unknown group, or -1. Its fields are unknown too; groups inside must close in order. */
function endOfGroup(body: Uint8Array, start: number, end: number, field: number, maxDepth: number): number {
  const open = [field];
  let at = start;
  while (open.length > 0) {
    if (open.length > maxDepth) return -1;
    const tag = smallVarint(body, at, end, 0xf);
    if (tag < 8) return -1;
    at = endOfVarint(body, at, end);
    switch (tag & 7) {
      case wireType.varint:
        at = endOfVarint(body, at, end);
        if (at === -1) return -1;
        break;
      case wireType.fixed64:
        at += 8;
        break;
      case wireType.fixed32:
        at += 4;
        break;
      case wireType.length: {
        const length = smallVarint(body, at, end, 7);
        if (length === -1) return -1;
        at = endOfVarint(body, at, end) + length;
        break;
      }
      case wireType.startGroup:
        open.push(tag >>> 3);
        break;
      case wireType.endGroup:
        if (open.pop() !== tag >>> 3) return -1;
        break;
      default:
        return -1;
    }
    if (at > end) return -1;
  }
  return at;
}

/** The varint of at most five bytes at `at`, the fifth no more than `maxFifth`; else -1. */
function smallVarint(body: Uint8Array, at: number, end: number, maxFifth: number): number {
  let value = 0;
  for (let index = 0; index < 5 && at + index < end; index++) {
    const byte = body[at + index] as number;
    if (index === 4 && byte > maxFifth) return -1;
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return value >>> 0;
  }
  return -1;
}

/** Why no parser takes this tag. */
function refusal(tag: number): string {
  const type = tag & 7;
  if (type > wireType.fixed32) return `wire type ${type}, which does not exist,`;
  if (tag < 8) return "field number 0, which does not exist,";
  if (type === wireType.endGroup) return "the end of a group that was not begun";
  return `wire type ${type}, which is not the type of this field,`;
}
