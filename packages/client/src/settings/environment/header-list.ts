import type { Variables } from "./variables.ts";

/**
 * Reads a list of headers, `name=value,name=value` (I-12). Names come in lower case and as they are, values
 * percent-decoded; a raw value is taken too, since a value ends at the next comma and begins at the first `=`. A member
 * that cannot be used is left out and warned of by name alone, because values are often secrets.
 */
export function headerList(variables: Variables, variable: string): Readonly<Record<string, string>> | undefined {
  const text = variables.text(variable);
  if (text === undefined) return undefined;
  const headers: [string, string][] = [];
  for (const member of text.split(",")) {
    if (member.trim() === "") continue;
    const at = member.indexOf("=");
    const name = (at < 0 ? "" : member.slice(0, at)).trim().toLowerCase();
    const value = decoded(member.slice(at + 1).trim());
    if (at < 0) variables.warn(`${variable} has a member without "="; that member is ignored`);
    else if (!token.test(name))
      variables.warn(`${variable} has a member whose name is none of a header; that member is ignored`);
    else if (value === undefined)
      variables.warn(`${variable} has a value for "${name}" that cannot be read as one; it is ignored`);
    else headers.push([name, value]);
  }
  return Object.fromEntries(headers);
}

const token = /^[!#$%&'*+.^_`|~\da-z-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Undefined: escapes that are none, characters that HTTP does not allow, or properties, which there are none of here. */
function decoded(raw: string): string | undefined {
  if (raw.includes(";")) return undefined;
  try {
    const value = decodeURIComponent(raw);
    return fieldValue.test(value) ? value : undefined;
  } catch {
    // An escape that is none, or no UTF-8.
    return undefined;
  }
}
