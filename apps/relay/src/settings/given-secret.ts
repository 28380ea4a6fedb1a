import { check, type Shape } from "@otlpkit/config";
import type { Given } from "@otlpkit/auth";
import { file, secret } from "@otlpkit/auth/secrets";

/** A secret in a configuration: as text, mostly from the environment, or in a file that is read whenever it is needed. */
export function givenSecret(text: string | undefined, path: string | undefined): Given | undefined {
  if (path !== undefined) return file(path);
  return text === undefined ? undefined : secret(text);
}

/** Refuses a section that says one thing twice, or not at all. */
export function oneOf<T extends object>(inner: Shape<T>, ...names: readonly (keyof T & string)[]): Shape<T> {
  return check(inner, (value) =>
    names.filter((name) => value[name] !== undefined).length === 1 ? undefined : `needs one of ${names.join(", ")}`,
  );
}
