import { ExportError } from "@otlpkit/core";
import { sameSecrets, type Secret, type Secrets } from "../secrets/secret.ts";
import type { SecretSource } from "../secrets/secret-source.ts";
import type { KeyRing, WrappingKey } from "./key-ring.ts";
import { rawKey } from "./raw-key.ts";

export interface SecretKeyRingOptions {
  /** The entry that holds the id of the current key. Default "current". */
  readonly current?: string;
  /** Makes a key of an entry. Default `rawKey`; `passphraseKey` where the entries are passphrases. */
  readonly key?: (id: string, value: Secret) => WrappingKey;
}

/**
 * A key ring whose keys lie together as secrets: in a folder, a mounted Secret of Kubernetes, an entry of Vault. Each
 * secret is a key and its name is the key's id; the one called `current` holds the id of the key for new files. They are
 * read again for each file that is begun or opened, so a rotation needs no restart. When they cannot be read, or do not
 * make a key ring, the last ones that did are used.
 */
export function secretKeyRing(source: SecretSource<Secrets>, options: SecretKeyRingOptions = {}): KeyRing {
  const { current: currentName = "current", key = rawKey } = options;
  let last: {
    readonly secrets: Secrets;
    readonly current: WrappingKey;
    readonly keys: ReadonlyMap<string, WrappingKey>;
  };

  async function load(): Promise<typeof last> {
    const before = last as typeof last | undefined;
    try {
      const secrets = await source.get();
      if (before && sameSecrets(before.secrets, secrets)) return before;
      last = made(secrets, before);
    } catch (error) {
      if (!before) throw error;
    }
    return last;
  }

  function made(secrets: Secrets, before: typeof last | undefined): typeof last {
    const keys = new Map<string, WrappingKey>();
    for (const [id, value] of Object.entries(secrets)) {
      if (id === currentName) continue;
      const known = before?.secrets[id]?.equals(value) ? before.keys.get(id) : undefined;
      keys.set(id, known ?? key(id, value));
    }
    const current = keys.get(secrets[currentName]?.reveal().trim() ?? "");
    if (current) return { secrets, current, keys };
    throw new ExportError(
      "invalid",
      `${source.name} is no key ring: its entry "${currentName}" has to hold the id of one of its keys`,
    );
  }

  return {
    current: async () => (await load()).current,
    find: async (id) => (await load()).keys.get(id),
  };
}
