/** What canonical JSON is made of here. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

/**
 * JSON that everybody writes alike (RFC 8785), so that whoever has the record can compute its hash: members sorted by
 * the UTF-16 units of their names, no spaces, numbers and texts as ECMAScript writes them. Members that are `undefined`
 * are left out; half a surrogate pair, which has no UTF-8, becomes U+FFFD.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "string") return text(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join()}]`;
  const members = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .toSorted()
    .map((name) => `${text(name)}:${canonicalJson(value[name] as Json)}`);
  return `{${members.join()}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function text(value: string): string {
  return JSON.stringify(value.replace(/\p{Surrogate}/gu, "\uFFFD"));
}
