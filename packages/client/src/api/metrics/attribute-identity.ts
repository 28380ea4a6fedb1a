import type { Attributes } from "../../resource.ts";

// Deeper than anybody nests attributes; keeps an object that holds itself from going on for ever.
const maxDepth = 8;

/**
 * The attributes as a text that is the same for the same attributes, in whatever order they come. Those without a value
 * (undefined) don't count.
 */
export function attributeIdentity(attributes: Attributes): string {
  return membersOf(attributes, 0);
}

function membersOf(object: Attributes, depth: number): string {
  let text = "";
  for (const key of Object.keys(object).toSorted()) {
    if (object[key] !== undefined) text += `${JSON.stringify(key)}:${identity(object[key], depth)},`;
  }
  return text;
}

function identity(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === maxDepth) return "";
  if (Array.isArray(value)) return `[${value.map((each) => identity(each, depth + 1)).join()}]`;
  if (value instanceof Uint8Array) return `<${value.join()}>`;
  return `{${membersOf(value as Attributes, depth + 1)}}`;
}
