/**
 * Encrypts files that are written once, record after record: the segments of a queue, for instance. Each file gets a data
 * key of its own, wrapped by a key that has a name, so that keys change without files being written again.
 *
 * `context` says what a file is (its name, whose data it holds). It is authenticated and not stored, so a file that was
 * renamed or put in the place of another does not open.
 */
export interface Encryption {
  /** Begins a new file. A file that was not finished is never continued: a new one is begun. */
  create(context: string): Promise<FileSealer>;
  /**
   * Opens a file that was written before, from its header.
   *
   * @throws ExportError "forbidden" when the key is not there, is the wrong one, or header or context were changed; the
   *   message names the key's id and what to do
   */
  open(header: Uint8Array, context: string): Promise<FileOpener>;
  /**
   * The header for the same file under the key that is current now, or the same bytes if it is already.
   *
   * @throws ExportError "forbidden" as `open` does
   */
  rewrap(header: Uint8Array, context: string): Promise<Uint8Array>;
}

/** Seals the records of one file. */
export interface FileSealer {
  /** What must stand in the file to open it again: versions, the id of the key, the wrapped data key. No secret. */
  readonly header: Uint8Array;
  /** Which key wraps the data key; for people, and for telling which keys are still needed. */
  readonly keyId: string;
  /** Bytes that `seal` adds to each record. */
  readonly overheadBytes: number;
  /**
   * Seals the `index`th record, whose plain bytes are `parts` laid end to end; `clear` is authenticated beside it and
   * stays readable. Indexes ascend, gaps allowed, since the index is the nonce.
   *
   * What it returns, laid end to end, is as many bytes as the plain ones, in their order, and then `overheadBytes` that prove
   * them. It belongs to the caller, who may free the memory.
   *
   * @throws ExportError "invalid" when `index` is not above the last one that was sealed
   */
  seal(index: number, parts: readonly Uint8Array[], clear?: Uint8Array): readonly Uint8Array[];
}

/** Opens the records of one file. */
export interface FileOpener {
  readonly keyId: string;
  /** Those of the sealer. */
  readonly overheadBytes: number;
  /**
   * The plain bytes of the `index`th record; no part of `sealed`, which the caller may free.
   *
   * @throws ExportError "invalid" when a bit of `sealed` or `clear` was changed, or it is not the `index`th record
   */
  open(index: number, sealed: Uint8Array, clear?: Uint8Array): Uint8Array;
}
