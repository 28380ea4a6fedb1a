/**
 * What the queue needs of a file system, so that a test can put one in its place that loses, tears and refuses. Errors are
 * those of Node, with their `code`: "ENOSPC", "EIO", "ENOENT".
 */
export interface Files {
  /** Makes the folder and those above it, for its owner alone (mode 0700), if it is not there. */
  makeFolder(path: string): Promise<void>;
  /** Names of the files in a folder, in no order. */
  list(folder: string): Promise<string[]>;
  /**
   * Opens a file: "read" one that exists; "change" reads and writes one that exists; "create" makes a new, empty one, and
   * fails with "EEXIST" if the name is taken. New files are for their owner alone (mode 0600).
   */
  open(path: string, how: "read" | "change" | "create"): Promise<OpenFile>;
  /** Gives a file another name, in place of whatever has it. Lasting once the folder is synced. */
  rename(from: string, to: string): Promise<void>;
  /** Lasting once the folder is synced. */
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in the folder last. */
  syncFolder(folder: string): Promise<void>;
  /** Bytes that are free where the folder is, for those who may write there. */
  freeBytes(folder: string): Promise<number>;
}

/** An open file. Offsets and lengths are in bytes. */
export interface OpenFile {
  /** Bytes in the file now. */
  size(): Promise<number>;
  /** Reads up to `length` bytes; fewer only at the end of the file. They belong to the caller. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Writes `parts` end to end at `offset`, and keeps nothing of them. When it fails, any part of them may have been written.
   */
  write(parts: readonly Uint8Array[], offset: number): Promise<void>;
  /** Cuts the file. */
  truncate(length: number): Promise<void>;
  /** Makes what was written last. When it fails, nobody can say what of it lasts, and a second try proves nothing. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
