/** The number. @throws RangeError, which names the option, for one that makes no sense. */
export function within(min: number, max: number, name: string, value: number): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new RangeError(`${name} must be a number from ${min} to ${max}, not ${value}`);
}

/** One of the names that an option knows. @throws RangeError, which names the option, for any other. */
export function oneOf<Name extends string>(name: string, value: Name, known: readonly Name[]): Name {
  if (known.includes(value)) return value;
  throw new RangeError(`${name} must be one of ${known.join(", ")}, not ${value}`);
}
