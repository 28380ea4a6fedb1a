import type { Scope } from "../resource.ts";
import { attributesMember, nameMember, objectMember, textMember } from "./member.ts";

/** The part of the program that made an item: its name, or more about it. */
export type PlainScope = string | Scope;

/** The scope, checked. Absent: one without a name, which says that nobody knows. */
export function scopeMember(member: string, scope: PlainScope | undefined): Scope {
  if (scope === undefined) return unknownScope;
  if (typeof scope === "string") return { name: scope };
  const { name, version, schemaUrl, attributes } = objectMember(member, scope);
  nameMember(`${member}.name`, name);
  textMember(`${member}.version`, version);
  textMember(`${member}.schemaUrl`, schemaUrl);
  attributesMember(`${member}.attributes`, attributes);
  return scope;
}

const unknownScope: Scope = { name: "" };
