import { fixed32Type, fixed64Type, lengthType, varintType } from "./layout.ts";

/**
 * Reads protobuf and trusts nothing: what would go beyond the `end` it is given, or breaks a rule, is answered with
 * false or -1, and then the place it stands at means nothing. Saying what is wrong is left to others.
 */
export class CheckedReader {
  readonly body: Uint8Array;
  /** Covers `body`. */
  readonly view: DataView;
  at = 0;
  /** The number that was read last, in halves of 32 bits with any sign. */
  low = 0;
  high = 0;

  constructor(body: Uint8Array) {
    this.body = body;
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  }

  /** A tag of one or two bytes, which is all that OTLP has, or -1. */
  tag(end: number): number {
    const { body } = this;
    const first = body[this.at++]!;
    if (first < 0x80) return first;
    if (this.at >= end || body[this.at]! > 0x7f) return -1;
    return (first & 0x7f) | (body[this.at++]! << 7);
  }

  /** A varint into `low` and `high`. What goes beyond 64 bits is dropped; more than ten bytes are refused. */
  varint(end: number): boolean {
    const { body } = this;
    let { at } = this;
    if (at < end && body[at]! < 0x80) {
      this.low = body[at]!;
      this.high = 0;
      this.at = at + 1;
      return true;
    }
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70 && at < end; shift += 7) {
      const byte = body[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 64) high |= bits << (shift - 32);
      if (byte > 0x7f) continue;
      this.low = low;
      this.high = high;
      this.at = at;
      return true;
    }
    return false;
  }

  /** Any number, by its wire type, into `low` and `high`. */
  number(wireType: number, end: number): boolean {
    if (wireType === varintType) return this.varint(end);
    const { at } = this;
    const bytes = wireType === fixed32Type ? 4 : 8;
    if (end - at < bytes) return false;
    this.low = this.view.getInt32(at, true);
    this.high = bytes === 4 ? 0 : this.view.getInt32(at + 4, true);
    this.at = at + bytes;
    return true;
  }

  /** The end of what has its length in front, or -1. */
  lengthEnd(end: number): number {
    if (!this.varint(end) || this.high !== 0 || this.low < 0) return -1;
    const stop = this.at + this.low;
    return stop > end ? -1 : stop;
  }

  /** Passes over the value behind a tag; not over groups, which nobody sends. */
  skip(tag: number, end: number): boolean {
    switch (tag & 7) {
      case varintType:
      case fixed64Type:
      case fixed32Type:
        return this.number(tag & 7, end);
      case lengthType:
        this.at = this.lengthEnd(end);
        return this.at >= 0;
      default:
        return false;
    }
  }
}
