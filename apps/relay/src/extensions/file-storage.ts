import { resolve } from "node:path";
import { flag, ignored, optional, or, present, section, text } from "@otlpkit/config";
import { definePlugin } from "@otlpkit/core";
import type { Extension } from "../component.ts";
import { encryptionConfig, readEncryption } from "../settings/encryption.ts";

const config = section({
  directory: or(text, "/var/lib/otelcol/file_storage"),
  fsync: optional(flag),
  create_directory: ignored("folders are made when they are needed"),
  directory_permissions: ignored("folders are for their owner alone"),
  timeout: ignored("nobody waits for a lock: a folder that is in use is refused at once"),
  recreate: ignored("damaged files are set aside by themselves"),
  compaction: ignored("space is given back by whole files"),
  /** Ours: what is on disk is encrypted. */
  encryption: present(encryptionConfig),
});

/**
 * `file_storage`: a folder in which `sending_queue.storage` keeps what was acknowledged. Files are synced before a sender
 * is answered, unless `fsync: false` says otherwise.
 */
export const fileStorageExtension = definePlugin({
  kind: "extension",
  names: ["file_storage"],
  config,
  async create({ directory, fsync, encryption }): Promise<Extension> {
    const root = resolve(directory);
    const storage = {
      folder: (owner: string) => resolve(root, fileName(owner)),
      durability: fsync === false ? ("buffered" as const) : ("fsynced" as const),
      ...(encryption === undefined ? {} : { encryption: await readEncryption(encryption) }),
    };
    return { address: root, offers: { storage }, close: () => Promise.resolve() };
  },
});

/** Names of components are free text, so what no file name may hold is written in hex: `otlp/a` is `otlp_2Fa`. */
function fileName(owner: string): string {
  const unsafe = /[^A-Za-z0-9.-]|^\.+$/gu;
  return owner.replaceAll(unsafe, (part) =>
    [...Buffer.from(part)].map((byte) => `_${byte.toString(16).padStart(2, "0").toUpperCase()}`).join(""),
  );
}
