import { readFileSync } from "node:fs";
import { check, list, optional, section, type SectionOf, text } from "@otlpkit/config";
import { type Encryption, ExportError } from "@otlpkit/core";

const keyKeys = {
  id: text,
  /** 32 bytes, raw, hex or Base64: where they are, or as the environment has them. */
  file: optional(text),
  value: optional(text),
  /** A passphrase, from which a key is made. */
  passphrase_file: optional(text),
  passphrase: optional(text),
};
const ways = ["file", "value", "passphrase_file", "passphrase"] as const;

type KeyConfig = SectionOf<typeof keyKeys>;

/** `encryption` of a storage: the first key is for new files, the others open older ones. */
export const encryptionConfig = section({
  keys: check(
    list(
      check(section(keyKeys), (key) =>
        ways.filter((way) => key[way] !== undefined).length === 1 ? undefined : `needs one of ${ways.join(", ")}`,
      ),
    ),
    (keys) => (keys.length > 0 ? undefined : "needs at least one key: { id: NAME, file: PATH }"),
  ),
});

/**
 * Makes what encrypts, from keys in files or in the environment.
 *
 * @throws ExportError when a key cannot be read or is none; the message names the key's id and file, and nothing of it
 */
export async function readEncryption(config: { readonly keys: readonly KeyConfig[] }): Promise<Encryption> {
  const { encryption, keyRing, passphraseKey, rawKey, secret } = await import("@otlpkit/auth/encryption");
  const [current, ...older] = config.keys.map(({ id, file, value, passphrase_file, passphrase }) => {
    if (file !== undefined) return rawKey(id, secret(contents(id, file)));
    if (value !== undefined) return rawKey(id, secret(value));
    const phrase =
      passphrase_file === undefined ? passphrase! : contents(id, passphrase_file).toString("utf8").trimEnd();
    return passphraseKey(id, secret(phrase));
  });
  return encryption({ keys: keyRing({ current: current!, older }) });
}

function contents(id: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ExportError("rejected", `cannot read the key "${id}" from ${file} (${code ?? String(cause)})`, { cause });
  }
}
