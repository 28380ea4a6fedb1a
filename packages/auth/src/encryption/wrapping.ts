import { ExportError } from "@otlpkit/core";
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from "node:crypto";

const info = "otlpkit wrapping key v1";
const checkBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
const dataKeyBytes = 32;

/** Length of a data key that was wrapped here. */
const wrappedBytes = checkBytes + nonceBytes + dataKeyBytes + tagBytes;

/** What a 32-byte key is used as: never itself, but what HKDF makes of it. */
export interface WrappingMaterial {
  readonly key: KeyObject;
  /** Says whether this is the key that was used, without saying anything about it. */
  readonly check: Buffer;
}

/** Turns 32 secret bytes into a key for wrapping, and fills them with zeros. */
export function wrappingMaterial(bytes: Uint8Array): WrappingMaterial {
  const derived = Buffer.from(hkdfSync("sha256", bytes, new Uint8Array(), info, dataKeyBytes + checkBytes));
  bytes.fill(0);
  const key = createSecretKey(derived.subarray(0, dataKeyBytes));
  const check = Buffer.from(derived.subarray(dataKeyBytes));
  derived.fill(0);
  return { key, check };
}

/**
 * check | nonce | wrapped data key | tag. The nonce is random: one key may wrap 2^32 data keys before that is a risk
 * (NIST SP 800-38D, 8.3), which is a file every second for 136 years.
 */
export function wrapDataKey(material: WrappingMaterial, dataKey: Uint8Array, bound: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", material.key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(bound);
  const wrapped = cipher.update(dataKey);
  cipher.final();
  return Buffer.concat([material.check, nonce, wrapped, cipher.getAuthTag()]);
}

export function unwrapDataKey(
  keyId: string,
  material: WrappingMaterial,
  wrapped: Uint8Array,
  bound: Uint8Array,
): Uint8Array {
  if (wrapped.length !== wrappedBytes) throw damaged(keyId);
  if (!material.check.equals(wrapped.subarray(0, checkBytes))) {
    throw new ExportError(
      "forbidden",
      `cannot open an encrypted file: the key that is given here as "${keyId}" is another than the one that was used; give the right one, and each key an id of its own`,
    );
  }
  const nonce = wrapped.subarray(checkBytes, checkBytes + nonceBytes);
  const decipher = createDecipheriv("aes-256-gcm", material.key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(bound);
  decipher.setAuthTag(wrapped.subarray(wrappedBytes - tagBytes));
  const dataKey = decipher.update(wrapped.subarray(checkBytes + nonceBytes, wrappedBytes - tagBytes));
  try {
    decipher.final();
  } catch {
    // OpenSSL says no more than that the tag is another.
    dataKey.fill(0);
    throw damaged(keyId);
  }
  return dataKey;
}

/** The key is the right one, or nobody can say; what it should open is not what it once wrapped. */
export function damaged(keyId: string): ExportError {
  return new ExportError(
    "forbidden",
    `cannot open an encrypted file with the key "${keyId}": its header was changed, or it was renamed or put in the place of another file`,
  );
}
