/** A value that can be written as JSON as it is. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

const maxText = 8_192;
const maxDepth = 6;
const maxMembers = 100;
const redacted = "[redacted]";

/** Keys whose values are secrets, whatever their case and whatever stands around: `x-api-key`, `clientSecret`. */
const secretKey =
  /authorization|cookie|passw(?:or)?d|passphrase|secret|credential|(?:api|access|private|signing|session|encryption)[-_]?key|(?:^|[-_a-z])token$|bearer/iu;
/** In texts: what follows a scheme of authentication, and the password in an URL. */
const secretText = /\b(Bearer|Basic)\s+[\w+/=.~-]{8,}/giu;
const passwordInUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/giu;

/**
 * Fields as they are written: errors as text with their causes beside, secrets taken out by the names of their keys, what
 * JSON does not know (bigint, dates, bytes, circles) as something it does. Never throws, and the result is bounded.
 *
 * An error under the key `error` becomes `error` (its message), `error_type`, `error_code` and `error_cause` (messages of
 * its causes that say more), and with `stacks` also `error_stack`; what does not apply is left out.
 */
export function plainFields(fields: Readonly<Record<string, unknown>>, stacks: boolean): Record<string, Plain> {
  const plain: Record<string, Plain> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    // The names of a line's own parts are taken.
    const name = key === "time" || key === "level" || key === "message" ? `field_${key}` : key;
    if (secretKey.test(key)) plain[name] = redacted;
    else if (value instanceof Error) Object.assign(plain, errorFields(name, value, stacks));
    else plain[name] = plainValue(value, 0, []);
  }
  return plain;
}

/** A text without the secrets that can be told by their looks. */
export function plainText(text: string): string {
  const safe = text.replaceAll(secretText, `$1 ${redacted}`).replaceAll(passwordInUrl, `$1${redacted}@`);
  return safe.length <= maxText ? safe : `${safe.slice(0, maxText)}…`;
}

function errorFields(name: string, error: Error, stacks: boolean): Record<string, Plain> {
  const { code } = error as { readonly code?: unknown };
  const causes = causesOf(error);
  return {
    [name]: plainText(error.message),
    ...(error.name === "Error" ? {} : { [`${name}_type`]: error.name }),
    ...(typeof code === "string" ? { [`${name}_code`]: code } : {}),
    ...(causes.length === 0 ? {} : { [`${name}_cause`]: plainText(causes.join("; ")) }),
    ...(stacks && error.stack !== undefined ? { [`${name}_stack`]: plainText(error.stack) } : {}),
  };
}

/** Messages of the causes, outermost first, without those that say what was said already. */
function causesOf(error: Error): string[] {
  const said: string[] = [error.message];
  let cause = error.cause;
  for (let depth = 0; depth < 8 && cause !== undefined && cause !== null; depth++) {
    const text = cause instanceof Error ? cause.message : typeof cause === "string" ? cause : "";
    if (text !== "" && !said.some((before) => before.includes(text))) said.push(text);
    if (cause instanceof AggregateError) {
      for (const inner of cause.errors.slice(0, 5)) if (inner instanceof Error) said.push(inner.message);
    }
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return said.slice(1);
}

function plainValue(value: unknown, depth: number, around: readonly object[]): Plain {
  if (typeof value === "string") return plainText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "boolean" || value === null) return value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object") return value === undefined ? null : `a ${typeof value}`;
  if (value instanceof Error) return plainText(value.message);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "no date" : value.toISOString();
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (depth >= maxDepth || around.includes(value)) return "…";
  const inside = [...around, value];
  if (Array.isArray(value)) return value.slice(0, maxMembers).map((member) => plainValue(member, depth + 1, inside));
  const entries = value instanceof Map ? [...(value as Map<unknown, unknown>)] : entriesOf(value);
  return Object.fromEntries(
    entries
      .slice(0, maxMembers)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => {
        const name = String(key);
        return [name, secretKey.test(name) ? redacted : plainValue(member, depth + 1, inside)];
      }),
  );
}

function entriesOf(value: object): [unknown, unknown][] {
  try {
    return Object.entries(value);
  } catch {
    // A getter that throws must not keep the line from being written.
    return [];
  }
}
