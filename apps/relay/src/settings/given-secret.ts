import type { Given } from "@otlpkit/auth";
import { file, secret } from "@otlpkit/auth/secrets";

/** A secret in a configuration: as text, mostly from the environment, or in a file that is read whenever it is needed. */
export function givenSecret(text: string | undefined, path: string | undefined): Given | undefined {
  if (path !== undefined) return file(path);
  return text === undefined ? undefined : secret(text);
}
