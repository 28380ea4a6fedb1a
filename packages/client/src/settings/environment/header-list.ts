import { headerProblem, type Headers } from "../headers.ts";
import type { Variables } from "./variables.ts";

/**
 * Reads a list of headers, `name=value,name=value` (I-12). Names are taken as they are, in lower case, and values
 * percent-decoded; a raw value is taken too, since it ends at the next comma and its name at the first `=`. A member that
 * cannot be used is left out and warned of by name alone, because values are often secrets.
 */
export function headerList(variables: Variables, variable: string): Headers {
  const headers: [string, string][] = [];
  for (const member of (variables.text(variable) ?? "").split(",")) {
    if (member.trim() === "") continue;
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(member)?.map((part) => part.trim()) ?? [];
    const decoded = decode(value);
    const problem = name === "" ? 'it is not "name=value"' : headerProblem(name, decoded ?? "\0");
    if (problem === undefined) headers.push([name.toLowerCase(), decoded ?? ""]);
    else variables.warn(`a member of ${variable} is ignored: ${problem}`);
  }
  return Object.fromEntries(headers);
}

/** Undefined: escapes that are none, or properties, which there are none of here. */
function decode(value: string): string | undefined {
  if (value.includes(";")) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    // An escape that is none, or no UTF-8.
    return undefined;
  }
}
