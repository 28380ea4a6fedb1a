import { ExportError } from "@otlpkit/core";
import { createHash } from "node:crypto";
import type { VaultTransit } from "../secrets/vault/transit.ts";
import { checkKeyId } from "./header.ts";
import type { WrappingKey } from "./key-ring.ts";
import { damaged } from "./wrapping.ts";

const kind = 3;

/**
 * A key that stays in Vault or OpenBao: `transitKey("otlp", client.transit("otlp"))`. Vault is asked once for each file
 * that is begun or opened, and never sees a record. Versions of the key are Vault's affair; they need no id of their own.
 *
 * @throws ExportError "invalid" when the id is not usable
 */
export function transitKey(id: string, transit: VaultTransit): WrappingKey {
  checkKeyId(id);
  return {
    id,
    async wrap(dataKey, bound) {
      return Buffer.concat([Buffer.of(kind), Buffer.from(await transit.encrypt(dataKey, hashOf(bound)))]);
    },
    async unwrap(wrapped, bound) {
      if (wrapped[0] !== kind) {
        throw new ExportError(
          "forbidden",
          `cannot open an encrypted file: the key "${id}" is given here as ${transit.name} of Vault, and another kind of key wrapped it`,
        );
      }
      try {
        return await transit.decrypt(Buffer.from(wrapped.subarray(1)).toString("latin1"), hashOf(bound));
      } catch (error) {
        if (ExportError.is(error) && error.code === "invalid") throw damaged(id);
        throw error;
      }
    },
  };
}

/** Vault need not know what the file is called. */
function hashOf(bound: Uint8Array): Uint8Array {
  return createHash("sha256").update(bound).digest();
}
