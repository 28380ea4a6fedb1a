import { ExportError, type Signal } from "@otlpkit/core";
import { messages, requestNames, type FieldSchema, type MessageSchema } from "./generated/schema.ts";
import { type Cursor, readUint32, skipValue, wireType } from "./wire.ts";

/**
 * The error for a request that cannot be read, naming the field and the place. Only now is it worth finding out which
 * field that was: everything before `at` is known to be in order, so a walk from the front leads there.
 */
export function malformed(signal: Signal, body: Uint8Array, at: number, what: string): ExportError {
  const path = fieldPath(signal, body, at);
  const where = path === "" ? "" : `${path}: `;
  const hint = body[0] === 0x7b ? "; it begins like JSON, which is sent as application/json" : "";
  return new ExportError("invalid", `malformed ${signal} request: ${where}${what} at byte ${at}${hint}`);
}

/** The field that byte `at` of a request belongs to, e.g. `resource_spans[0].scope_spans[0].spans[3].name`. */
export function fieldPath(signal: Signal, body: Uint8Array, at: number): string {
  const path: string[] = [];
  let message: MessageSchema | undefined = messages[requestNames[signal]];
  let start = 0;
  let end = body.length;
  while (message !== undefined) {
    const found = fieldAround(body, start, end, at);
    if (found === undefined) break;
    const field: FieldSchema | undefined = message.fields.find((one) => one.number === found.tag >>> 3);
    const name = field === undefined ? `field ${found.tag >>> 3}` : snakeCase(field.name);
    path.push(field?.repeated === true ? `${name}[${found.occurrence}]` : name);
    const child: string | undefined = (found.tag & 7) === wireType.length ? field?.message : undefined;
    message = child !== undefined && found.contentAt <= at ? messages[child] : undefined;
    start = found.contentAt;
    end = Math.min(end, found.end);
  }
  // A value nested a hundred times would make a message that nobody reads.
  return path.length > 12 ? [...path.slice(0, 6), "…", ...path.slice(-4)].join(".") : path.join(".");
}

/** One field of a message: which, the how-manieth of its number, where its content begins and where it ends. */
interface FoundField {
  readonly tag: number;
  readonly occurrence: number;
  readonly contentAt: number;
  readonly end: number;
}

/** The field of the message in `[start, end)` whose value byte `at` belongs to; none when `at` is where one begins. */
function fieldAround(body: Uint8Array, start: number, end: number, at: number): FoundField | undefined {
  const seen = new Map<number, number>();
  const cursor: Cursor = { at: start };
  while (cursor.at < end && cursor.at < at) {
    const tag = readUint32(body, cursor);
    let contentAt = cursor.at;
    if (contentAt > at) return undefined;
    if ((tag & 7) === wireType.length) {
      const length = readUint32(body, cursor);
      contentAt = cursor.at;
      cursor.at += length;
    } else if ((tag & 7) === wireType.startGroup) {
      cursor.at = endOfGroup(body, cursor, at);
    } else {
      skipValue(body, cursor, tag);
    }
    const occurrence = seen.get(tag >>> 3) ?? 0;
    // A damaged value, or an empty message, may end where the trouble is.
    if (cursor.at > at || contentAt === at) return { tag, occurrence, contentAt, end: cursor.at };
    seen.set(tag >>> 3, occurrence + 1);
  }
  return undefined;
}

/** Where a group ends, or a place after `at` when it ends beyond that or never. */
function endOfGroup(body: Uint8Array, cursor: Cursor, at: number): number {
  for (let open = 1; open > 0; ) {
    if (cursor.at > at) return at + 1;
    const tag = readUint32(body, cursor);
    if ((tag & 7) === wireType.startGroup) open++;
    else if ((tag & 7) === wireType.endGroup) open--;
    else if ((tag & 7) > wireType.fixed32) return at + 1;
    else skipValue(body, cursor, tag);
  }
  return cursor.at;
}

/** The name in the .proto file, which is what people search for. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
