/**
 * The value as it is kept until it is encoded: a copy of what could be changed meanwhile, with texts and bytes cut to
 * `maxLength`. Undefined: it cannot be sent.
 *
 * Good are what the OpenTelemetry API calls `AnyValue`, that is text, numbers, booleans, `Uint8Array`, null, lists and
 * plain objects of them; and besides bigint, Map, Set, errors, and what has `toJSON`, as dates have. Other objects are not,
 * since whoever hands over a request or a socket does not mean all that hangs on it.
 */
export function attributeValue(value: unknown, maxLength: number, around: readonly object[] = []): unknown {
  switch (typeof value) {
    case "string":
      return value.length <= maxLength ? value : cut(value, maxLength);
    case "number":
    case "boolean":
    case "bigint":
      return value;
    case "object":
      return value === null ? null : copyOf(value, maxLength, around);
    default:
      return undefined;
  }
}

// Deeper ones do not fit into a message that every receiver takes.
const maxDepth = 30;

function copyOf(value: object, maxLength: number, around: readonly object[]): unknown {
  if (around.length === maxDepth || around.includes(value)) return undefined;
  const inside = [...around, value];
  const copyList = (items: readonly unknown[]): unknown[] =>
    items.map((item) => attributeValue(item, maxLength, inside) ?? null);

  if (value instanceof Uint8Array) return value.slice(0, maxLength);
  if (ArrayBuffer.isView(value)) return undefined;
  if (Array.isArray(value)) return copyList(value);
  if (value instanceof Set) return copyList([...value]);
  if (value instanceof Map) return copyEntries([...value], copyList);
  if (value instanceof Error) return attributeValue(String(value), maxLength);
  if ("toJSON" in value && typeof value.toJSON === "function") return attributeValue(value.toJSON(), maxLength, inside);
  return isPlain(value) ? copyEntries(Object.entries(value), copyList) : undefined;
}

function copyEntries(
  entries: readonly [unknown, unknown][],
  copyList: (items: readonly unknown[]) => unknown[],
): Record<string, unknown> {
  const present = entries.filter(([, item]) => item !== undefined);
  const values = copyList(present.map(([, item]) => item));
  return Object.fromEntries(present.map(([key], index) => [String(key), values[index]]));
}

/** Whether an object is of no class; it may be of another window. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Never leaves half of a surrogate pair. */
function cut(text: string, maxLength: number): string {
  const last = text.charCodeAt(maxLength - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxLength - 1 : maxLength);
}
