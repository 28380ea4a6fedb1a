/**
 * Protobuf for the few messages of etcd: a message is described by a table of its fields, and the table both writes and
 * reads. Numbers of 64 bits are bigints, because revisions and leases use all of them.
 */
export interface Message<T> {
  /** Writes what is given. Members that are absent, zero or empty are left out, as proto3 has it. */
  encode(value: Partial<T>): Uint8Array;
  /** Reads a message; what it does not hold is zero or empty, what is unknown is passed over. @throws RangeError */
  decode(bytes: Uint8Array): T;
}

/** One field of a message. */
export interface Field<V> {
  readonly number: number;
  readonly zero: () => V;
  /** The field as it lies in a message, tags and lengths included; nothing for zero. */
  write(value: V): readonly Uint8Array[];
  /** What the field is after another appearance on the wire: of those that are no lists, the last counts. */
  read(raw: Raw, before: V): V;
}

/** A value as it lies on the wire: the bytes of a field with a length, else a number. */
export interface Raw {
  readonly bytes: Uint8Array;
  readonly number: bigint;
}

/** Describes a message, one field for each member. */
export function message<T extends object>(fields: {
  readonly [Name in keyof Required<T>]: Field<T[Name]>;
}): Message<T> {
  const all = Object.entries(fields) as [keyof T & string, Field<unknown>][];
  const byNumber = new Map(all.map(([name, field]) => [field.number, { name, field }]));
  return {
    encode(value) {
      return Buffer.concat(all.flatMap(([name, field]) => (value[name] === undefined ? [] : field.write(value[name]))));
    },
    decode(bytes) {
      const result = Object.fromEntries(all.map(([name, field]) => [name, field.zero()])) as Record<string, unknown>;
      walk(bytes, (number, raw) => {
        const known = byNumber.get(number);
        if (known !== undefined) result[known.name] = known.field.read(raw, result[known.name]);
      });
      return result as T;
    },
  };
}

const fromUtf8 = new TextDecoder();
const toUtf8 = new TextEncoder();
const none = new Uint8Array();

/** A copy of what lies on the wire, which is a view of everything that arrived at once. */
export function bytes(number: number): Field<Uint8Array> {
  return {
    number,
    zero: () => none,
    write: (value) => (value.byteLength === 0 ? [] : lengthField(number, value)),
    // Not `slice`, which makes another view of a Buffer.
    read: (raw) => new Uint8Array(raw.bytes),
  };
}

export function text(number: number): Field<string> {
  return {
    number,
    zero: () => "",
    write: (value) => (value === "" ? [] : lengthField(number, toUtf8.encode(value))),
    read: (raw) => fromUtf8.decode(raw.bytes),
  };
}

/** Signed; also read for `uint64`, of which only equality is ever asked. */
export function int64(number: number): Field<bigint> {
  return {
    number,
    zero: () => 0n,
    write: (value) => (value === 0n ? [] : numberField(number, value)),
    read: (raw) => BigInt.asIntN(64, raw.number),
  };
}

export function flag(number: number): Field<boolean> {
  return {
    number,
    zero: () => false,
    write: (value) => (value ? numberField(number, 1n) : []),
    read: (raw) => raw.number !== 0n,
  };
}

/** An enumeration. */
export function choice(number: number): Field<number> {
  return {
    number,
    zero: () => 0,
    write: (value) => (value === 0 ? [] : numberField(number, BigInt(value))),
    read: (raw) => Number(raw.number),
  };
}

/** A message inside, or a member of a oneof: absent unless it is there, even if it is empty then. */
export function inner<T>(number: number, of: Message<T>): Field<T | undefined> {
  return {
    number,
    zero: () => undefined,
    write: (value) => (value === undefined ? [] : lengthField(number, of.encode(value))),
    read: (raw) => of.decode(raw.bytes),
  };
}

/** Any number of messages inside. */
export function list<T>(number: number, of: Message<T>): Field<T[]> {
  return {
    number,
    zero: () => [],
    write: (values) => values.flatMap((value) => lengthField(number, of.encode(value as Partial<T>))),
    read(raw, before) {
      before.push(of.decode(raw.bytes));
      return before;
    },
  };
}

function numberField(number: number, value: bigint): Uint8Array[] {
  return [varint(BigInt(number * 8)), varint(BigInt.asUintN(64, value))];
}

function lengthField(number: number, value: Uint8Array): Uint8Array[] {
  return [varint(BigInt(number * 8 + 2)), varint(BigInt(value.byteLength)), value];
}

function varint(value: bigint): Uint8Array {
  const written: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) written.push(Number(rest & 127n) | 128);
  written.push(Number(rest));
  return Uint8Array.from(written);
}

/** Calls `visit` for each field of a message. */
function walk(message: Uint8Array, visit: (number: number, raw: Raw) => void): void {
  let at = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError("a protobuf message ends inside a number");
  };
  const take = (length: number): Uint8Array => {
    at += length;
    if (at > message.byteLength) throw new RangeError("a protobuf message ends inside a field");
    return message.subarray(at - length, at);
  };
  while (at < message.byteLength) {
    const tag = Number(number());
    const wire = tag % 8;
    const field = Math.floor(tag / 8);
    if (wire === 0) visit(field, { bytes: none, number: number() });
    else if (wire === 2) visit(field, { bytes: take(Number(number())), number: 0n });
    else if (wire === 1) take(8);
    else if (wire === 5) take(4);
    else throw new RangeError(`a protobuf message has a field of wire type ${wire}`);
  }
}
