import { createHash } from "node:crypto";
import { type Encryption, ExportError, type FileOpener } from "@otlpkit/core";

const tagBytes = 8;

/**
 * Hides nothing from anybody, but keeps the contract and notices every change: for schedules that are about files. Keys
 * are names; the last one is the current one.
 */
export function toyEncryption(keyIds: readonly string[]): Encryption {
  const current = keyIds.at(-1) as string;
  const headerOf = (keyId: string, context: string): Uint8Array =>
    Uint8Array.from(Buffer.concat([Buffer.from(`${keyId}\n`), tag("header", Buffer.from(context))]));
  const keyIdOf = (header: Uint8Array, context: string): string => {
    const keyId = Buffer.from(header).toString().split("\n")[0] as string;
    if (!keyIds.includes(keyId)) throw new ExportError("forbidden", `the key "${keyId}" is not there`);
    if (!Buffer.from(headerOf(keyId, context)).equals(header)) {
      throw new ExportError("forbidden", `the key "${keyId}" does not open this file, or the file was changed`);
    }
    return keyId;
  };
  return {
    async create(context) {
      const used = new Set<number>();
      return {
        header: headerOf(current, context),
        keyId: current,
        overheadBytes: tagBytes,
        seal(index, parts, clear = new Uint8Array(0)) {
          if (used.has(index)) throw new Error(`record ${index} was sealed before`);
          used.add(index);
          const hidden = Buffer.concat(parts).map((byte) => byte ^ 0x5a);
          return [hidden, tag(`${context} ${index}`, clear, hidden)];
        },
      };
    },
    async open(header, context) {
      return opener(keyIdOf(header, context), context);
    },
    async rewrap(header, context) {
      keyIdOf(header, context);
      return headerOf(current, context);
    },
  };
}

function opener(keyId: string, context: string): FileOpener {
  return {
    keyId,
    overheadBytes: tagBytes,
    open(index, sealed, clear = new Uint8Array(0)) {
      const end = sealed.length - tagBytes;
      const hidden = sealed.subarray(0, end);
      const expected = tag(`${context} ${index}`, clear, hidden);
      if (!Buffer.from(sealed.subarray(end)).equals(expected)) {
        throw new ExportError("invalid", `record ${index} was changed`);
      }
      return hidden.map((byte) => byte ^ 0x5a);
    },
  };
}

function tag(what: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha1").update(what);
  for (const part of parts) hash.update(`${part.length} `).update(part);
  return Uint8Array.from(hash.digest().subarray(0, tagBytes));
}
