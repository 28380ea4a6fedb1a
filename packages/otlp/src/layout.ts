// The generated schema, prepared for the loops of the codecs: submessages linked, tags computed, names ready as bytes.

import { type FieldKind, type FieldSchema, type MessageSchema, messages } from "./generated/schema.ts";

/** Wire types of protobuf. */
export const varintType = 0;
export const fixed64Type = 1;
export const lengthType = 2;
export const groupStartType = 3;
export const groupEndType = 4;
export const fixed32Type = 5;

/** A field, ready to be read and written. */
export interface FieldLayout {
  readonly number: number;
  readonly name: string;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  /** A zero value is written when it was set: an arm of a oneof, or `optional`. */
  readonly explicit: boolean;
  readonly hex: boolean;
  /** Wire type of one value. */
  readonly wireType: number;
  /** Field number and wire type in one number; for repeated numbers the packed form. */
  readonly tag: number;
  /** Place of the field among the fields of its message. */
  readonly index: number;
  /** Bits (1 << index) of the other arms of its oneof. */
  readonly rivals: number;
  /** Their names. */
  readonly rivalNames: readonly string[];
  /** The message inside; there when `kind` is "message". */
  readonly message: MessageLayout | undefined;
  /** `"name":` */
  readonly jsonKey: string;
  /** The same in words of four bytes, least significant first; the last word overlaps the one before. */
  readonly jsonKeyWords: readonly number[];
}

/** A message, ready to be read and written. */
export interface MessageLayout {
  readonly name: string;
  /** Place of the message among all, for tables. */
  readonly id: number;
  /** By number. */
  readonly fields: readonly FieldLayout[];
  /** The field with a number, for the small numbers that OTLP uses. */
  readonly byNumber: readonly (FieldLayout | undefined)[];
  /** Whether one of these is one item: a span, a data point, a log record, a profile. */
  readonly isItem: boolean;
  /** Finds a field by the bytes of its JSON name. */
  readonly keys: KeyTable;
}

/** The keys of a message in JSON, hashed, so that a key in the input need not become a string. */
export interface KeyTable {
  /** Number of slots less one; a power of two less one. */
  readonly mask: number;
  readonly slots: readonly (KeySlot | undefined)[];
}

interface KeySlot {
  readonly bytes: Uint8Array;
  readonly field: FieldLayout;
}

const itemNames: ReadonlySet<string> = new Set([
  "opentelemetry.proto.trace.v1.Span",
  "opentelemetry.proto.metrics.v1.NumberDataPoint",
  "opentelemetry.proto.metrics.v1.HistogramDataPoint",
  "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint",
  "opentelemetry.proto.metrics.v1.SummaryDataPoint",
  "opentelemetry.proto.logs.v1.LogRecord",
  "opentelemetry.proto.profiles.v1development.Profile",
]);

const wireTypes: Readonly<Record<FieldKind, number>> = {
  double: fixed64Type,
  fixed64: fixed64Type,
  sfixed64: fixed64Type,
  fixed32: fixed32Type,
  int32: varintType,
  int64: varintType,
  uint32: varintType,
  uint64: varintType,
  sint32: varintType,
  bool: varintType,
  enum: varintType,
  string: lengthType,
  bytes: lengthType,
  message: lengthType,
};

// Made of a constant table, once, when first asked for: importing the package does nothing.
let layouts: ReadonlyMap<string, MessageLayout> | undefined;

/** The layout of a message, by its full protobuf name. Throws a `TypeError` for a name that the schema does not know. */
export function layoutOf(name: string): MessageLayout {
  layouts ??= build();
  const layout = layouts.get(name);
  if (layout === undefined) throw new TypeError(`no message ${name} in OTLP; use a full protobuf name`);
  return layout;
}

/** One step of the hash of a JSON key. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

function build(): ReadonlyMap<string, MessageLayout> {
  const made = new Map<string, Draft<MessageLayout>>();
  for (const schema of Object.values(messages)) {
    const layout = { name: schema.name, id: made.size, isItem: itemNames.has(schema.name) };
    made.set(schema.name, { ...layout, fields: [], byNumber: [], keys: { mask: 0, slots: [] } });
  }
  for (const schema of Object.values(messages)) {
    const layout = made.get(schema.name) as Draft<MessageLayout>;
    const fields = schema.fields.map((field, index) => fieldLayout(schema, field, index, made));
    const byNumber: (FieldLayout | undefined)[] = [];
    for (let n = 0; n <= (fields.at(-1)?.number ?? 0); n++) byNumber.push(fields.find((field) => field.number === n));
    layout.fields = fields;
    layout.byNumber = byNumber;
    layout.keys = keyTable(fields);
  }
  return made;
}

function fieldLayout(
  schema: MessageSchema,
  field: FieldSchema,
  index: number,
  made: ReadonlyMap<string, MessageLayout>,
): FieldLayout {
  const rivals = schema.fields.filter((other) => other !== field && field.oneof && other.oneof === field.oneof);
  const wireType = wireTypes[field.kind];
  return {
    number: field.number,
    name: field.name,
    kind: field.kind,
    repeated: field.repeated,
    explicit: field.oneof !== undefined || field.optional === true,
    hex: field.hex === true,
    wireType,
    tag: field.number * 8 + (field.repeated ? lengthType : wireType),
    index,
    rivals: rivals.reduce((bits, rival) => bits | (1 << schema.fields.indexOf(rival)), 0),
    rivalNames: rivals.map((rival) => rival.name),
    message: field.message === undefined ? undefined : made.get(field.message),
    jsonKey: `"${field.name}":`,
    jsonKeyWords: wordsOf(`"${field.name}":`),
  };
}

/** ASCII of at least four characters. */
function wordsOf(text: string): number[] {
  const word = (at: number): number => [3, 2, 1, 0].reduce((bits, i) => (bits << 8) | text.charCodeAt(at + i), 0);
  const whole = Array.from({ length: (text.length - 1) >> 2 }, (_, i) => word(i * 4));
  return [...whole, word(text.length - 4)];
}

function keyTable(fields: readonly FieldLayout[]): KeyTable {
  let size = 4;
  while (size < fields.length * 3) size *= 2;
  const slots = Array.from<KeySlot | undefined>({ length: size });
  for (const field of fields) {
    const bytes = new TextEncoder().encode(field.name);
    let slot = bytes.reduce(hashStep, 0) & (size - 1);
    while (slots[slot] !== undefined) slot = (slot + 1) & (size - 1);
    slots[slot] = { bytes, field };
  }
  return { mask: size - 1, slots };
}
