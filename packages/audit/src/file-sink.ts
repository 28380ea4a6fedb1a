import { type FileHandle, mkdir, open, readdir, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { ChainedRecord, Head } from "./chain.ts";
import { lockFolder } from "./folder-lock.ts";
import { lastWhole } from "./last-whole.ts";
import type { AuditSink } from "./sink.ts";

/** Options of {@link fileSink}. */
export interface FileSinkOptions {
  /** Where the files go; made if it is not there, for its owner alone. One process at a time writes to a folder. */
  readonly folder: string;
  /** A file that has so many bytes is followed by the next. Default 64 MiB, which an editor still opens. */
  readonly maxFileBytes?: number;
  /**
   * Only the newest so many files are kept. Default: all, since nothing is deleted unless somebody says so. What is
   * deleted can't be verified any more: verification begins with the oldest file that is there.
   */
  readonly keepFiles?: number;
  /** Waits until the disk has it (fdatasync) before a record counts as kept. Default true. */
  readonly sync?: boolean;
}

/** Of a file in the folder; the number is `seq` of its first record, so that names sort as the chain runs. */
export const segmentName: RegExp = /^audit-(\d{12})\.jsonl$/;

/**
 * Keeps records as lines of JSON in a folder: `audit-000000000001.jsonl`, then a new file whenever one is large. The chain
 * runs on over all files and over restarts. A line that a crash cut in the middle was never counted as kept; it is cut
 * off at the next start. Whatever else stands behind the last record is damage, or somebody's work: it is set aside in a
 * file that ends in `.damaged`, and the chain goes on.
 *
 * @throws ExportError "unavailable", from `open`, when another process writes to the folder
 */
export function fileSink(options: FileSinkOptions): AuditSink {
  const { folder, maxFileBytes = 64 * 1024 * 1024, keepFiles = Infinity, sync = true } = options;
  let unlock: (() => Promise<void>) | undefined;
  let file: FileHandle | undefined;
  let length = 0;
  /** A write failed: what stands behind `length` is none of ours. */
  let torn = false;

  async function begin(seq: number): Promise<FileHandle> {
    await file?.close();
    file = undefined;
    const name = `audit-${String(seq).padStart(12, "0")}.jsonl`;
    file = await open(join(folder, name), "a", 0o600);
    // A failed try may have left one of this name with half a record in it.
    await file.truncate(0);
    length = 0;
    if (sync) await syncFolder(folder);
    if (keepFiles < Infinity) await forget();
    return file;
  }

  async function forget(): Promise<void> {
    const old = (await segments(folder)).slice(0, -Math.max(1, keepFiles));
    await Promise.all(old.map((name) => unlink(join(folder, name))));
  }

  return {
    name: "file",

    async open(): Promise<Head | undefined> {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      unlock = await lockFolder(folder);
      const names = await segments(folder);
      for (const name of names.toReversed()) {
        const opened = await open(join(folder, name), "r+");
        const { size } = await opened.stat();
        const { record, endsAt } = await lastWhole(opened, size);
        if (endsAt < size) await setAside(opened, endsAt, size, join(folder, name));
        await opened.close();
        if (record === undefined) {
          await rm(join(folder, name));
          continue;
        }
        file = await open(join(folder, name), "a");
        length = endsAt;
        return { seq: record.seq, hash: record.hash };
      }
      return undefined;
    },

    async write(records: readonly ChainedRecord[]): Promise<void> {
      const [first] = records;
      if (first === undefined) return;
      if (torn) {
        await file?.truncate(length);
        torn = false;
      }
      if (file === undefined || length >= maxFileBytes) await begin(first.seq);
      const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
      torn = true;
      await file!.appendFile(bytes);
      if (sync) await file!.datasync();
      torn = false;
      length += bytes.length;
    },

    async close(): Promise<void> {
      await file?.close();
      file = undefined;
      await unlock?.();
      unlock = undefined;
    },
  };
}

/** Cuts off what stands behind the last record, and keeps it unless it is but one line that was never finished. */
async function setAside(file: FileHandle, from: number, size: number, path: string): Promise<void> {
  const rest = Buffer.alloc(size - from);
  await file.read(rest, 0, rest.length, from);
  if (rest.includes("\n")) {
    const aside = await open(`${path}.${from}.damaged`, "wx", 0o600).catch(() => undefined);
    // One of this name is there: it holds the same, cut off before a crash kept us from cutting it.
    await aside?.writeFile(rest);
    await aside?.sync();
    await aside?.close();
  }
  await file.truncate(from);
}

/** Names of the files of a log, oldest first. */
export async function segments(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => segmentName.test(name)).toSorted();
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing, and needs none.
  if (process.platform === "win32") return;
  const opened = await open(folder, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
