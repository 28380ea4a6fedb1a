import { ExportError } from "@otlpkit/core";

/** A key that wraps the data keys of files. Make one with `rawKey`, `passphraseKey` or `transitKey`. */
export interface WrappingKey {
  /** Stands in the header of each file that it wraps, so a name is used for one key only and never again. */
  readonly id: string;
  /** Wraps 32 bytes. `bound` is authenticated with them: without the same bytes nothing unwraps. */
  wrap(dataKey: Uint8Array, bound: Uint8Array): Promise<Uint8Array>;
  /**
   * The 32 bytes back. Whoever gets them fills them with zeros after use.
   *
   * @throws ExportError "forbidden" when this is not the key that wrapped them, or anything was changed
   */
  unwrap(wrapped: Uint8Array, bound: Uint8Array): Promise<Uint8Array>;
}

/** Knows the key for new files, and older ones that files of before still need. Asked once a file, never once a record. */
export interface KeyRing {
  /** @throws ExportError "unavailable" or "invalid" when there is none now */
  current(): Promise<WrappingKey>;
  /** The key of this id, or `undefined` when this ring has none. */
  find(id: string): Promise<WrappingKey | undefined>;
}

export interface KeyRingOptions {
  /** Wraps the data keys of new files. */
  readonly current: WrappingKey;
  /** Keys that only open what was written before. */
  readonly older?: readonly WrappingKey[];
}

/**
 * A key ring that does not change.
 *
 * @throws ExportError "invalid" when two keys have the same id
 */
export function keyRing(options: KeyRingOptions): KeyRing {
  const { current, older = [] } = options;
  const keys = new Map<string, WrappingKey>();
  for (const key of [current, ...older]) {
    if (keys.has(key.id)) {
      throw new ExportError(
        "invalid",
        `two keys of the key ring have the id "${key.id}"; give each key a name of its own`,
      );
    }
    keys.set(key.id, key);
  }
  return {
    current: async () => current,
    find: async (id) => keys.get(id),
  };
}
