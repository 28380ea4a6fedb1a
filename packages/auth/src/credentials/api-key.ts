import type { CredentialProvider } from "@otlpkit/core";
import { type Given, revealed } from "./given.ts";

/** A key in a header of its own, as many vendors want it: `apiKey("x-api-key", key)`. */
export function apiKey(header: string, key: Given): CredentialProvider {
  const name = header.toLowerCase();
  return { headers: async (_endpoint, _batch, signal) => ({ [name]: await revealed(key, signal) }) };
}
