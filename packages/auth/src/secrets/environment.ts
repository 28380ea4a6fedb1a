import { ExportError } from "@otlpkit/core";
import { unchanging } from "./fixed.ts";
import type { SecretSource } from "./secret-source.ts";
import { secret } from "./secret.ts";

/**
 * A secret in an environment variable. It does not change while the program runs, and child processes and crash dumps see
 * it, so prefer a file.
 */
export function environment(
  name: string,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): SecretSource {
  return unchanging(`environment variable ${name}`, async () => {
    const value = variables[name];
    if (value) return secret(value);
    throw new ExportError("invalid", `the environment variable ${name} is ${value === "" ? "empty" : "not set"}`);
  });
}
