import { ExportError } from "@otlpkit/core";

/** Headers by name. */
export type Headers = Readonly<Record<string, string>>;

const token = /^[!#$%&'*+.^_`|~\da-z-]+$/i;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Why HTTP does not allow this header, or undefined. Never shows the value, which is often a secret. */
export function headerProblem(name: string, value: string): string | undefined {
  if (!token.test(name)) return `"${name}" is not the name of a header`;
  if (typeof value === "string" && fieldValue.test(value)) return undefined;
  return `the value of header "${name}" is not a text that a header can have`;
}

/**
 * Headers with names in lower case, so that those that are said later replace what was said before.
 *
 * @throws ExportError "rejected" for one that cannot be sent.
 */
export function checkedHeaders(headers: Headers = {}): Headers {
  const checked = Object.entries(headers).map(([name, value]) => {
    const problem = headerProblem(name, value);
    if (problem !== undefined) throw new ExportError("rejected", `${problem}; see the option headers`);
    return [name.toLowerCase(), value];
  });
  return Object.fromEntries(checked) as Headers;
}
