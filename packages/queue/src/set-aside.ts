import type { Files } from "./files.ts";
import { damagedFolderOf } from "./layout.ts";
import type { Damage } from "./survey.ts";

/** Keeps pieces of damaged files for people to look at. */
export interface SetAside {
  /**
   * Copies a piece. `file` is where it went, undefined when there is no room for it; `known` when it was there before.
   */
  keep(damage: Omit<Damage, "last">): Promise<{ readonly file: string | undefined; readonly known: boolean }>;
  /** Moves a whole file. */
  move(name: string): Promise<string>;
}

const chunkBytes = 1024 * 1024;

export async function setAside(files: Files, folder: string, maxBytes: number): Promise<SetAside> {
  const damagedFolder = damagedFolderOf(folder);
  let kept: { readonly name: string; readonly bytes: number }[] | undefined;

  async function look(): Promise<{ readonly name: string; readonly bytes: number }[]> {
    await files.makeFolder(damagedFolder);
    const names = (await files.list(damagedFolder)).toSorted();
    return Promise.all(
      names.map(async (name) => {
        const file = await files.open(`${damagedFolder}/${name}`, "read");
        try {
          return { name, bytes: await file.size() };
        } finally {
          await file.close();
        }
      }),
    );
  }

  /** Removes the oldest until there is room. */
  async function makeRoom(bytes: number): Promise<void> {
    let sum = (kept ?? []).reduce((total, one) => total + one.bytes, 0);
    while (sum + bytes > maxBytes && kept !== undefined && kept.length > 0) {
      const [oldest] = kept;
      if (oldest === undefined) return;
      await files.remove(`${damagedFolder}/${oldest.name}`);
      kept = kept.slice(1);
      sum -= oldest.bytes;
    }
  }

  return {
    async keep({ segment, offset, bytes }) {
      if (bytes > maxBytes) return { file: undefined, known: false };
      kept ??= await look();
      const name = `${segment}.${offset}-${offset + bytes}`;
      const path = `${damagedFolder}/${name}`;
      const before = kept.find((one) => one.name === name);
      if (before?.bytes === bytes) return { file: path, known: true };
      // A crash broke off the copying.
      if (before !== undefined) await files.remove(path);
      await makeRoom(bytes);
      await copy(files, `${folder}/${segment}`, path, offset, bytes);
      await files.syncFolder(damagedFolder);
      kept.push({ name, bytes });
      return { file: path, known: false };
    },
    async move(name) {
      await files.makeFolder(damagedFolder);
      const path = `${damagedFolder}/${name}`;
      await files.rename(`${folder}/${name}`, path);
      await files.syncFolder(damagedFolder);
      await files.syncFolder(folder);
      kept = undefined;
      return path;
    },
  };
}

async function copy(files: Files, from: string, to: string, offset: number, bytes: number): Promise<void> {
  const source = await files.open(from, "read");
  try {
    const target = await files.open(to, "create");
    try {
      for (let done = 0; done < bytes;) {
        const piece = await source.read(offset + done, Math.min(chunkBytes, bytes - done));
        if (piece.length === 0) break;
        await target.write([piece], done);
        done += piece.length;
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
