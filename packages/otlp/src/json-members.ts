/**
 * The members of a small JSON message, read by the platform: no number in it needs more than a double.
 *
 * @throws SyntaxError or TypeError when it is no JSON object in UTF-8.
 */
export function jsonMembers(body: Uint8Array): Readonly<Record<string, unknown>> {
  const members = membersOf(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)));
  if (members === undefined) throw new TypeError("not an object");
  return members;
}

/** The members of an object; undefined for anything else, null and arrays among it. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

/** A text; "" for anything else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
