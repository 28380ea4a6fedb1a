import { mkdir, open, readdir, rename, rm, statfs } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Files, OpenFile } from "./files.ts";

/** The real file system. */
export function nodeFiles(): Files {
  return {
    async makeFolder(path) {
      const first = await mkdir(path, { recursive: true, mode: 0o700 });
      // What was made must last as well as what will be put into it.
      if (first === undefined) return;
      for (let folder = path; folder.length >= first.length; folder = dirname(folder))
        await syncFolder(dirname(folder));
    },
    list: (folder) => readdir(folder),
    async open(path, how) {
      return openFile(await open(path, { read: "r", change: "r+", create: "wx+" }[how], 0o600));
    },
    rename,
    remove: (path) => rm(path),
    syncFolder,
    async freeBytes(folder) {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}

function openFile(handle: FileHandle): OpenFile {
  return {
    size: async () => (await handle.stat()).size,
    async read(offset, length) {
      const bytes = Buffer.allocUnsafeSlow(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    async write(parts, offset) {
      let left = parts;
      let at = offset;
      while (left.length > 0) {
        const { bytesWritten } = await handle.writev(left, at);
        at += bytesWritten;
        left = after(left, bytesWritten);
      }
    },
    truncate: (length) => handle.truncate(length),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

/** What is left of `parts` when the first `bytes` are done; a disk that fills up takes a part of a write. */
function after(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  let index = 0;
  for (; index < parts.length; index++) {
    const { byteLength } = parts[index] as Uint8Array;
    if (skip < byteLength) break;
    skip -= byteLength;
  }
  if (index === parts.length) return [];
  return [(parts[index] as Uint8Array).subarray(skip), ...parts.slice(index + 1)];
}

async function syncFolder(folder: string): Promise<void> {
  // Windows can't open folders; there the file system keeps their order itself.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
