// The schema, prepared for writing JSON straight from protobuf: what to do at which tag.

import { type FieldLayout, layoutOf, lengthType, type MessageLayout } from "./layout.ts";
import { type ReadyBytes, readyAscii } from "./json-output.ts";

/** How a value is written. */
export const form = {
  signed32: 0,
  unsigned32: 1,
  zigzag32: 2,
  signed64: 3,
  unsigned64: 4,
  double: 5,
  bool: 6,
  text: 7,
  hex: 8,
  base64: 9,
  message: 10,
} as const;

/** What to do at a tag. */
export interface JsonStep {
  /** One of {@link form}. */
  readonly form: number;
  /** Wire type of one value. */
  readonly wireType: number;
  /** Several numbers behind one length. */
  readonly packed: boolean;
  readonly repeated: boolean;
  /** Written even if it is zero or empty. */
  readonly explicit: boolean;
  /** A number of no more than 32 bits. */
  readonly isNarrow: boolean;
  /** In quotes. */
  readonly quoted: boolean;
  /** Says which field this is. */
  readonly bit: number;
  /** The bit, and those of the other arms of its oneof: if one of them was seen, this takes more than one pass. */
  readonly conflicts: number;
  /** A comma and the key, with the bracket or quote that opens its value. */
  readonly key: ReadyBytes;
  /** The message inside; there when `form` is `message`. */
  readonly inner: JsonMessage | undefined;
}

/** A message, by tag. A tag that is not there belongs to an unknown field, or is wrong for a known one. */
export interface JsonMessage {
  readonly steps: readonly (JsonStep | undefined)[];
  readonly layout: MessageLayout;
}

// Made of a constant table, message by message, when first asked for: importing the package does nothing.
const prepared = new Map<MessageLayout, JsonMessage>();

/** The steps of a message, by its full protobuf name. */
export function jsonMessage(name: string): JsonMessage {
  return prepare(layoutOf(name));
}

function prepare(layout: MessageLayout): JsonMessage {
  const known = prepared.get(layout);
  if (known !== undefined) return known;
  const tags = (layout.fields.at(-1)?.number ?? 0) * 8 + 8;
  const steps = Array.from<JsonStep | undefined>({ length: tags }).fill(undefined);
  const message: JsonMessage = { steps, layout };
  prepared.set(layout, message); // before its fields, which may hold it
  for (const field of layout.fields) {
    steps[field.number * 8 + field.wireType] = stepOf(field, false);
    if (field.repeated && field.wireType !== lengthType) {
      steps[field.number * 8 + lengthType] = stepOf(field, true);
    }
  }
  return message;
}

function stepOf(field: FieldLayout, packed: boolean): JsonStep {
  const how = formOf(field);
  const bit = 1 << field.index;
  const quoted = how === form.signed64 || how === form.unsigned64 || (how >= form.text && how <= form.base64);
  const opening = field.repeated ? "[" : quoted ? '"' : "";
  return {
    form: how,
    wireType: field.wireType,
    packed,
    repeated: field.repeated,
    explicit: field.explicit,
    isNarrow: how <= form.zigzag32,
    quoted,
    bit,
    conflicts: bit | field.rivals,
    key: readyAscii(`,${field.jsonKey}${opening}`),
    inner: field.message === undefined ? undefined : prepare(field.message),
  };
}

function formOf({ hex, kind }: FieldLayout): number {
  switch (kind) {
    case "message":
      return form.message;
    case "string":
      return form.text;
    case "bytes":
      return hex ? form.hex : form.base64;
    case "bool":
      return form.bool;
    case "double":
      return form.double;
    case "int64":
    case "sfixed64":
      return form.signed64;
    case "uint64":
    case "fixed64":
      return form.unsigned64;
    case "uint32":
    case "fixed32":
      return form.unsigned32;
    case "sint32":
      return form.zigzag32;
    default:
      return form.signed32;
  }
}
