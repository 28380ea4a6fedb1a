/** Headers by name. */
export type Headers = Readonly<Record<string, string>>;

const token = /^[!#$%&'*+.^_`|~\da-z-]+$/i;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Why HTTP does not allow this header, or undefined. Never shows the value, which is often a secret. */
export function headerProblem(name: string, value: string): string | undefined {
  if (!token.test(name)) return `"${name}" is not the name of a header`;
  if (typeof value === "string" && fieldValue.test(value)) return undefined;
  return `the value of "${name}" is not a text that a header can have`;
}
