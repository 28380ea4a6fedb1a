import type { CredentialProvider } from "@otlpkit/core";
import { type Given, revealed } from "./given.ts";

/** Options of {@link bearer}. */
export interface BearerOptions {
  /** In front of the token. Default "Bearer". */
  readonly scheme?: string;
}

/**
 * `Authorization: Bearer TOKEN`. A token from a source (`fileSecret`, `vaultSecret` …) is looked up for each attempt, so a
 * new one is used as soon as it is there.
 *
 * ```ts no-run
 * const provider = bearer(fileSecret("/var/run/secrets/token"));
 * ```
 */
export function bearer(token: Given, { scheme = "Bearer" }: BearerOptions = {}): CredentialProvider {
  return {
    headers: async (_endpoint, _batch, signal) => ({ authorization: `${scheme} ${await revealed(token, signal)}` }),
  };
}
