import { ExportError } from "@otlpkit/core";
import type { Secret } from "../secrets/secret.ts";
import { checkKeyId } from "./header.ts";
import type { WrappingKey } from "./key-ring.ts";
import { unwrapDataKey, wrapDataKey, wrappingMaterial } from "./wrapping.ts";

const kind = 1;

/**
 * A key of 32 random bytes: as they are, or written in hexadecimal or Base64 (with `+/` or `-_`, padded or not).
 * `openssl rand -base64 32` makes one.
 *
 * @throws ExportError "invalid" when it is not 32 bytes, or the id is not usable
 */
export function rawKey(id: string, key: Secret): WrappingKey {
  checkKeyId(id);
  const material = wrappingMaterial(keyBytes(id, key));
  return {
    id,
    wrap: async (dataKey, bound) => Buffer.concat([Buffer.of(kind), wrapDataKey(material, dataKey, bound)]),
    unwrap: async (wrapped, bound) => {
      if (wrapped[0] !== kind) {
        throw new ExportError(
          "forbidden",
          `cannot open an encrypted file: the key "${id}" is given here as 32 bytes, and another kind of key wrapped it`,
        );
      }
      return unwrapDataKey(id, material, wrapped.subarray(1), bound);
    },
  };
}

function keyBytes(id: string, key: Secret): Uint8Array {
  const bytes = key.revealBytes();
  if (bytes.length === 32) return bytes;
  bytes.fill(0);
  const text = key.reveal().trim();
  const decoded = /^[0-9a-fA-F]{64}$/.test(text)
    ? Buffer.from(text, "hex")
    : /^[A-Za-z0-9+/_-]{43}=?$/.test(text)
      ? Buffer.from(text, "base64")
      : undefined;
  if (decoded?.length === 32) return decoded;
  throw new ExportError(
    "invalid",
    `the key "${id}" is not usable: it has to be 32 bytes, as they are or in hexadecimal or Base64; "openssl rand -base64 32" makes one`,
  );
}
