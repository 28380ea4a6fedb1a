import { vaultPath } from "./address.ts";
import type { VaultRequest } from "./exchange.ts";
import { objectAt, textAt } from "./fields.ts";

type Json = Readonly<Record<string, unknown>>;

/** A key that never leaves Vault (transit engine): it encrypts small things for us, such as the keys of files. */
export interface VaultTransit {
  /** For messages: "transit/keys/otlp". */
  readonly name: string;
  /** `bound` is authenticated with it: without the same bytes nothing decrypts. */
  encrypt(plain: Uint8Array, bound: Uint8Array): Promise<string>;
  /** @throws ExportError "invalid" when it was not encrypted by this key with these `bound` bytes */
  decrypt(encrypted: string, bound: Uint8Array): Promise<Uint8Array>;
}

export function transit(
  key: string,
  mount: string,
  authorized: (request: VaultRequest) => Promise<Json>,
): VaultTransit {
  const at = (what: string): string => `${vaultPath(mount)}/${what}/${vaultPath(key)}`;
  const base64 = (bytes: Uint8Array): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

  async function ask(path: string, body: object, field: string): Promise<string> {
    return textAt(objectAt(await authorized({ method: "POST", path, body }), "data", path), field, path);
  }
  return {
    name: at("keys"),
    encrypt: (plain, bound) =>
      ask(at("encrypt"), { plaintext: base64(plain), associated_data: base64(bound) }, "ciphertext"),
    decrypt: async (encrypted, bound) =>
      Buffer.from(
        await ask(at("decrypt"), { ciphertext: encrypted, associated_data: base64(bound) }, "plaintext"),
        "base64",
      ),
  };
}
