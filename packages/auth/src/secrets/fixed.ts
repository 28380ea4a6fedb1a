import { type Secret, secret } from "./secret.ts";
import type { SecretSource } from "./secret-source.ts";
import { watching } from "./watching.ts";

/** A secret that is known and does not change. */
export function fixed(value: string | Uint8Array | Secret): SecretSource {
  const known = typeof value === "string" || value instanceof Uint8Array ? secret(value) : value;
  return unchanging("fixed secret", async () => known);
}

/** A source whose value is read and never changes by itself. */
export function unchanging<Value>(name: string, get: () => Promise<Value>): SecretSource<Value> {
  return {
    name,
    get,
    watch: (signal) => watching({ read: get, same: () => true, arm: () => () => {} }, signal),
  };
}
