import * as promises from "node:fs/promises";

/** An open file, as much of it as is used. */
export interface OpenFile {
  writev(pieces: readonly Uint8Array[]): Promise<{ bytesWritten: number }>;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  truncate(length: number): Promise<void>;
  stat(): Promise<{ size: number; mtimeMs: number }>;
  close(): Promise<void>;
}

/** What the file exporter asks of `node:fs/promises`, so that a test can break it. */
export interface FileSystem {
  open(path: string, flags: string): Promise<OpenFile>;
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  readdir(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  access(path: string, mode?: number): Promise<void>;
}

export const nodeFileSystem: FileSystem = promises;
