import { attributeValue } from "./attribute-value.ts";

/** Attributes as a span, event or link keeps them. */
export interface AttributeSet {
  readonly attributes: Record<string, unknown>;
  /** How many there are. */
  readonly count: number;
  /** How many were left out: there were too many, or they could not be sent. */
  readonly dropped: number;
}

/**
 * Copies attributes; the first `maxCount` stay. An attribute that is undefined is none, so that a program may write
 * `{ "user.id": user?.id }`.
 */
export function attributeSet(given: unknown, maxCount: number, maxLength: number): AttributeSet {
  // One copy of the whole and a look at each value take a third of the time of copying one by one.
  const attributes: Record<string, unknown> = typeof given === "object" ? { ...given } : {};
  let count = 0;
  // Not asked whether each is its own, as that would take longer than all the rest: in the copy all are, unless somebody
  // has put something into `Object.prototype`, and then the count is too high.
  for (const key in attributes) {
    const value = attributes[key];
    const simple =
      typeof value === "string" ? value.length <= maxLength : typeof value === "number" || typeof value === "boolean";
    if (!simple) {
      if (!Object.hasOwn(attributes, key)) continue;
      const kept = sendable(value, maxLength);
      if (kept === undefined) return withoutGaps(attributes, maxCount, maxLength);
      attributes[key] = kept;
    }
    count++;
  }
  return count > maxCount || attributes[""] !== undefined
    ? withoutGaps(attributes, maxCount, maxLength)
    : { attributes, count, dropped: 0 };
}

/** The slow way, when something has to go. */
function withoutGaps(given: Record<string, unknown>, maxCount: number, maxLength: number): AttributeSet {
  const attributes: Record<string, unknown> = {};
  let count = 0;
  let dropped = 0;
  for (const [key, item] of Object.entries(given)) {
    if (item === undefined) continue;
    const value = key === "" || count >= maxCount ? undefined : sendable(item, maxLength);
    if (value === undefined) {
      dropped++;
    } else {
      put(attributes, key, value);
      count++;
    }
  }
  return { attributes, count, dropped };
}

/** Sets an attribute, whatever its name: that of the prototype would not become one by mere assignment. */
export function put(attributes: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(attributes, key, { value, enumerable: true, writable: true, configurable: true });
  else attributes[key] = value;
}

/** {@link attributeValue} of a value that may be anything: one that throws when looked at cannot be sent. */
export function sendable(value: unknown, maxLength: number): unknown {
  try {
    return attributeValue(value, maxLength);
  } catch {
    // A getter or a toJSON of the program; telemetry must not be what breaks it.
    return undefined;
  }
}
