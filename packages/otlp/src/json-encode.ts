// Plain objects to OTLP/JSON, by schema.

import { toBase64, toHex } from "./byte-text.ts";
import { doubleText } from "./json-decimal.ts";
import type { FieldLayout, MessageLayout } from "./layout.ts";

/** One line of JSON for the objects of a message, as `decodeMessage` makes them. */
export function toJsonText(layout: MessageLayout, source: object): string {
  const members = source as Readonly<Record<string, unknown>>;
  let text = "";
  for (const field of layout.fields) {
    const value = members[field.name];
    if (value === undefined) continue;
    if (field.repeated) {
      const list = value as readonly unknown[];
      if (list.length === 0) continue;
      text += text === "" ? field.jsonKey : `,${field.jsonKey}`;
      for (let i = 0; i < list.length; i++) text += (i === 0 ? "[" : ",") + valueText(field, list[i]);
      text += "]";
    } else if (field.explicit || !isDefault(value)) {
      text += (text === "" ? field.jsonKey : `,${field.jsonKey}`) + valueText(field, value);
    }
  }
  return `{${text}}`;
}

function valueText(field: FieldLayout, value: unknown): string {
  switch (field.kind) {
    case "message":
      return toJsonText(field.message!, value as object);
    case "string":
      return stringText(value as string);
    case "bytes":
      return field.hex ? `"${toHex(value as Uint8Array)}"` : `"${toBase64(value as Uint8Array)}"`;
    case "double":
      return doubleText(value as number);
    case "int64":
    case "uint64":
    case "fixed64":
    case "sfixed64":
      return `"${String(value)}"`;
    default:
      return String(value);
  }
}

/** Most text needs no escapes, and then a look is cheaper than the call. */
function stringText(value: string): string {
  return /^[ !#-[\]-~]*$/.test(value) ? `"${value}"` : JSON.stringify(value);
}

function isDefault(value: unknown): boolean {
  if (typeof value === "number") return Object.is(value, 0);
  return value === "" || value === false || value === 0n || (value instanceof Uint8Array && value.length === 0);
}
