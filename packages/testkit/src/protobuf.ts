/**
 * Protobuf by hand, small and on purpose not that of `@otlpkit/otlp`: what the kit writes and counts must not depend on
 * the code that it proves.
 */
export interface ProtobufWriter {
  /** Zero and up, below 2^53. */
  uint(field: number, value: number): void;
  /** Negative numbers take ten bytes, as the wire format has it. */
  int64(field: number, value: bigint): void;
  sint32(field: number, value: number): void;
  fixed32(field: number, value: number): void;
  fixed64(field: number, value: bigint): void;
  double(field: number, value: number): void;
  string(field: number, value: string): void;
  bytes(field: number, value: Uint8Array): void;
  /** Bytes that are a tag and a value already. */
  raw(encoded: Uint8Array): void;
  message(field: number, write: () => void): void;
  /** What was written; the writer starts anew. */
  finish(): Uint8Array;
}

const encoder = new TextEncoder();

export function protobufWriter(initialBytes = 1024): ProtobufWriter {
  let buffer = new Uint8Array(initialBytes);
  let view = new DataView(buffer.buffer);
  let at = 0;

  const room = (bytes: number): void => {
    if (at + bytes <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, at + bytes));
    larger.set(buffer.subarray(0, at));
    buffer = larger;
    view = new DataView(buffer.buffer);
  };
  const varint = (value: number): void => {
    room(10);
    while (value > 127) {
      buffer[at++] = (value % 128) + 128;
      value = Math.floor(value / 128);
    }
    buffer[at++] = value;
  };
  const tag = (field: number, wire: number): void => varint(field * 8 + wire);
  const append = (value: Uint8Array): void => {
    room(value.length);
    buffer.set(value, at);
    at += value.length;
  };

  /** Short plain text, which most is, letter by letter: much faster. Says whether it was such text. */
  const ascii = (value: string): boolean => {
    if (value.length > 127) return false;
    room(value.length + 1);
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) return false;
      buffer[at + 1 + index] = code;
    }
    buffer[at] = value.length;
    at += value.length + 1;
    return true;
  };

  return {
    uint(field, value) {
      tag(field, 0);
      varint(value);
    },
    int64(field, value) {
      tag(field, 0);
      room(10);
      let rest = BigInt.asUintN(64, value);
      for (; rest > 127n; rest >>= 7n) buffer[at++] = Number(rest & 127n) + 128;
      buffer[at++] = Number(rest);
    },
    sint32(field, value) {
      tag(field, 0);
      varint(value < 0 ? -2 * value - 1 : 2 * value);
    },
    fixed32(field, value) {
      tag(field, 5);
      room(4);
      view.setUint32(at, value, true);
      at += 4;
    },
    fixed64(field, value) {
      tag(field, 1);
      room(8);
      view.setBigUint64(at, value, true);
      at += 8;
    },
    double(field, value) {
      tag(field, 1);
      room(8);
      view.setFloat64(at, value, true);
      at += 8;
    },
    string(field, value) {
      tag(field, 2);
      if (ascii(value)) return;
      const encoded = encoder.encode(value);
      varint(encoded.length);
      append(encoded);
    },
    bytes(field, value) {
      tag(field, 2);
      varint(value.length);
      append(value);
    },
    raw: append,
    message(field, write) {
      tag(field, 2);
      // Most messages are shorter than 128 bytes: leave one byte for the length and move the rest when that was not enough.
      room(1);
      const start = ++at;
      write();
      const length = at - start;
      const extra = length < 128 ? 0 : Math.floor(Math.log2(length) / 7);
      // Ten for the length, as `varint` asks for, now that `at` is at the end of what must be kept.
      room(extra + 10);
      if (extra > 0) buffer.copyWithin(start + extra, start, at);
      at = start - 1;
      varint(length);
      at += length;
    },
    finish() {
      const done = buffer.slice(0, at);
      at = 0;
      return done;
    },
  };
}

/** One field as it lies in a message. For wire type 2, `start` to `end` is the content; else the value. */
export type VisitField = (field: number, wire: number, start: number, end: number) => void;

/** Calls `visit` for each field of the message between `start` and `end`. Throws when the bytes are no message. */
export function walk(body: Uint8Array, visit: VisitField, start = 0, end: number = body.length): void {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; at < end; shift *= 128) {
      const byte = body[at++] as number;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
    throw new Error(`the protobuf message ends inside a number at offset ${at}`);
  };
  while (at < end) {
    const key = varint();
    const wire = key % 8;
    const field = Math.floor(key / 8);
    let from = at;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      from = at;
      at += length;
    } else throw new Error(`the protobuf message has wire type ${wire} at offset ${from}`);
    if (at > end) throw new Error(`the protobuf message ends inside field ${field} at offset ${from}`);
    visit(field, wire, from, at);
  }
}
