const inspectSymbol = Symbol.for("nodejs.util.inspect.custom");
const redacted = "[secret]";

/**
 * A value that nobody may see: a token, a password, a key. Whatever prints it (`String`, a template, `JSON.stringify`,
 * `console.log`, a debugger's view of the fields) shows `[secret]`; the value comes out of `reveal` and `revealBytes` only,
 * so these two words find every place that handles it.
 */
export interface Secret {
  /** The value as text (UTF-8). Hand it on, do not keep it. */
  reveal(): string;
  /** The value as bytes, a copy. Fill it with zeros after use where that is possible. */
  revealBytes(): Uint8Array<ArrayBuffer>;
  /** Whether it is the same value, compared in constant time. */
  equals(other: Secret): boolean;
  toString(): string;
  toJSON(): string;
}

/** Several secrets that belong together and change together: a user and its password, a certificate and its key. */
export type Secrets = Readonly<Record<string, Secret>>;

/** Wraps a value so that nothing prints it. */
export function secret(value: string | Uint8Array): Secret {
  return new Sealed(value);
}

// A class for its private field, which no inspection reaches and no clone carries.
class Sealed implements Secret {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(value: string | Uint8Array) {
    this.#bytes = typeof value === "string" ? new TextEncoder().encode(value) : Uint8Array.from(value);
  }

  reveal(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#bytes);
  }

  revealBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice();
  }

  equals(other: Secret): boolean {
    const mine = this.#bytes;
    const theirs = other.revealBytes();
    if (mine.length !== theirs.length) return false;
    let difference = 0;
    for (let at = 0; at < mine.length; at++) difference |= mine[at]! ^ theirs[at]!;
    return difference === 0;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [Symbol.toPrimitive](): string {
    return redacted;
  }

  [inspectSymbol](): string {
    return redacted;
  }
}

/** Whether these are the same names with the same values. */
export function sameSecrets(one: Secrets, other: Secrets): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => other[name]?.equals(one[name]!));
}
