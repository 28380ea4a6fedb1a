import { ExportError } from "@otlpkit/core";
import type { Attributes } from "../resource.ts";

/**
 * The error about a plain object that cannot be recorded: names the member (`span.events[1].time`) and says what belongs
 * there; never the value, which may be a secret.
 */
export function invalidMember(member: string, expected: string): ExportError {
  return new ExportError("invalid", `cannot record what was given: ${member} must be ${expected}`);
}

/** The value, if it is an object with members. */
export function objectMember<T extends object>(member: string, value: T): T {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw invalidMember(member, "an object");
}

/** The value, if it is a list; an empty one when it is absent. */
export function listMember<T>(member: string, value: readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw invalidMember(member, "a list");
}

/** The value, if it is a text that says something. */
export function nameMember(member: string, value: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalidMember(member, "a text that is not empty");
}

/** The value, if it is a text; "" when it is absent. */
export function textMember(member: string, value: string | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  throw invalidMember(member, "a text");
}

/** The value, if it is an object of attributes; an empty one when it is absent. What the values are is the encoder's matter. */
export function attributesMember(member: string, value: Attributes | undefined): Attributes {
  return value === undefined ? {} : objectMember(member, value);
}

/** The value, if it is one of the words that `table` has, translated by it. */
export function wordMember<Table extends Readonly<Record<string, number>>>(
  member: string,
  value: keyof Table & string,
  table: Table,
): Table[keyof Table & string] {
  if (typeof value === "string" && Object.hasOwn(table, value)) return table[value];
  throw invalidMember(member, `one of ${Object.keys(table).join(", ")}`);
}

/** The value, if it is a number; NaN is one. */
export function numberMember(member: string, value: number): number {
  if (typeof value === "number") return value;
  throw invalidMember(member, "a number");
}

/** The value, if it can say how many. */
export function countMember(member: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidMember(member, "a whole number, 0 or more");
}

/** The values, if each can say how many. */
export function countsMember(member: string, values: readonly number[]): number[] {
  if (Array.isArray(values)) return values.map((value, index) => countMember(`${member}[${index}]`, value));
  throw invalidMember(member, "a list");
}
