import { ExportError, type Signal } from "@otlpkit/core";
import { type FieldSchema, messages, type MessageSchema, requestNames } from "./generated/schema.ts";
import { type Cursor, readUint32, skipValue, wireType } from "./wire.ts";

/**
 * The error for a request that cannot be read at byte `at`, in the field whose tag is at `fieldAt`. Only now is it worth
 * finding out which field that is: everything before it is known to be in order, so a walk from the front leads there.
 */
export function malformed(signal: Signal, body: Uint8Array, fieldAt: number, at: number, what: string): ExportError {
  const path = fieldPath(signal, body, fieldAt);
  const where = path === "" ? "" : `${path}: `;
  const hint = body[0] === 0x7b ? "; it begins like JSON, which is sent as application/json" : "";
  return new ExportError("invalid", `malformed ${signal} request: ${where}${what} at byte ${at}${hint}`);
}

/** The field whose tag is at `fieldAt`, e.g. `resource_spans[0].scope_spans[0].spans[3].name`. */
function fieldPath(signal: Signal, body: Uint8Array, fieldAt: number): string {
  const path: string[] = [];
  let message: MessageSchema | undefined = messages[requestNames[signal]];
  const cursor: Cursor = { at: 0 };
  while (message !== undefined) {
    const found = findField(body, cursor, fieldAt);
    if (found === undefined) break;
    const field: FieldSchema | undefined = message.fields.find((one) => one.number === found.tag >>> 3);
    const name = field === undefined ? `field ${found.tag >>> 3}` : snakeCase(field.name);
    path.push(field?.repeated === true ? `${name}[${found.occurrence}]` : name);
    message = found.isLeaf || field?.message === undefined ? undefined : messages[field.message];
  }
  // A value nested a hundred times would make a message that nobody reads.
  return path.length > 12 ? [...path.slice(0, 6), "…", ...path.slice(-4)].join(".") : path.join(".");
}

/** One field of a message: which, the how-manieth of its number, and whether it is the one that is looked for. */
interface FoundField {
  readonly tag: number;
  readonly occurrence: number;
  readonly isLeaf: boolean;
}

/** Finds the field that is at `fieldAt` or around it, from the cursor on, and leaves the cursor at its content. */
function findField(body: Uint8Array, cursor: Cursor, fieldAt: number): FoundField | undefined {
  const seen = new Map<number, number>();
  while (cursor.at <= fieldAt) {
    const isLeaf = cursor.at === fieldAt;
    const tag = readUint32(body, cursor);
    const occurrence = seen.get(tag >>> 3) ?? 0;
    if (isLeaf) return isTag(tag) ? { tag, occurrence, isLeaf } : undefined;
    seen.set(tag >>> 3, occurrence + 1);
    if ((tag & 7) === wireType.length) {
      const end = readUint32(body, cursor) + cursor.at;
      if (fieldAt < end) return { tag, occurrence, isLeaf };
      cursor.at = end;
    } else {
      skipValue(body, cursor, tag);
    }
  }
  return undefined;
}

/** Whether a field can have this tag at all. */
function isTag(tag: number): boolean {
  return tag > 7 && (tag & 7) <= wireType.fixed32 && (tag & 7) !== wireType.endGroup;
}

/** The name in the .proto file, which is what people search for. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
