import { type Encryption, ExportError } from "@otlpkit/core";
import { createSecretKey, type KeyObject, randomFillSync } from "node:crypto";
import { preamble, readHeader, writeHeader } from "./header.ts";
import type { KeyRing, WrappingKey } from "./key-ring.ts";
import { recordOpener, recordSealer } from "./records.ts";

export interface EncryptionOptions {
  /** The key for new files, and those that older files still need. */
  readonly keys: KeyRing;
}

/**
 * Encrypts files with AES-256-GCM: a fresh key for each file, wrapped by the current key of the ring and kept in the
 * file's header. The format is described in FORMAT.md of this package.
 *
 * Records are sealed in the order of their indexes; gaps are allowed.
 */
export function encryption(options: EncryptionOptions): Encryption {
  const { keys } = options;

  async function dataKeyOf(header: Uint8Array, context: string): Promise<{ keyId: string; dataKey: Uint8Array }> {
    const { keyId, wrapped } = readHeader(header);
    const key = await keys.find(keyId);
    if (!key) {
      throw new ExportError(
        "forbidden",
        `cannot open an encrypted file: it needs the key "${keyId}", and the key ring has none of this id; add it to the older keys`,
      );
    }
    return { keyId, dataKey: await key.unwrap(wrapped, boundTo(keyId, context)) };
  }

  return {
    async create(context) {
      const key = await keys.current();
      const dataKey = randomFillSync(new Uint8Array(32));
      try {
        const header = await wrap(key, dataKey, context);
        return recordSealer(keyObject(dataKey), context, key.id, header);
      } finally {
        dataKey.fill(0);
      }
    },
    async open(header, context) {
      const { keyId, dataKey } = await dataKeyOf(header, context);
      try {
        return recordOpener(keyObject(dataKey), context, keyId);
      } finally {
        dataKey.fill(0);
      }
    },
    async rewrap(header, context) {
      const { keyId, dataKey } = await dataKeyOf(header, context);
      try {
        const key = await keys.current();
        return key.id === keyId ? header : await wrap(key, dataKey, context);
      } finally {
        dataKey.fill(0);
      }
    },
  };
}

async function wrap(key: WrappingKey, dataKey: Uint8Array, context: string): Promise<Uint8Array> {
  return writeHeader({ keyId: key.id, wrapped: await key.wrap(dataKey, boundTo(key.id, context)) });
}

/** What a wrapped key is bound to: the header before it, and the context. */
function boundTo(keyId: string, context: string): Uint8Array {
  return Buffer.concat([preamble(keyId), Buffer.from(context, "utf8")]);
}

/** Hands a copy to OpenSSL. */
function keyObject(bytes: Uint8Array): KeyObject {
  if (bytes.length === 32) return createSecretKey(bytes);
  throw new ExportError("forbidden", "cannot open an encrypted file: its key has not 32 bytes");
}
