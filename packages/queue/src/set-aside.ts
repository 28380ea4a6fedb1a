import type { Files } from "./files.ts";
import { damagedFolderOf } from "./layout.ts";
import type { Damage } from "./survey.ts";

/** A piece of a file. */
type Place = Omit<Damage, "last">;

interface Kept {
  readonly file: string | undefined;
  readonly known: boolean;
}

/** Keeps pieces of damaged files for people to look at. */
export interface SetAside {
  /**
   * Copies a piece. `file` is where it went, undefined when there is no room for it; `known` when it was there before.
   */
  keep(place: Place): Promise<Kept>;
  /** Moves a whole file. */
  move(name: string): Promise<string>;
}

const chunkBytes = 1024 * 1024;

export async function setAside(files: Files, folder: string, maxBytes: number): Promise<SetAside> {
  const damagedFolder = damagedFolderOf(folder);
  let kept: { readonly name: string; readonly bytes: number }[] | undefined;

  let last: Promise<unknown> = Promise.resolve();

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

  async function keep({ segment, offset, bytes }: Place): Promise<Kept> {
    if (bytes > maxBytes) return { file: undefined, known: false };
    kept ??= await look();
    const name = `${segment}.${offset}-${offset + bytes}`;
    const path = `${damagedFolder}/${name}`;
    const before = kept.find((one) => one.name === name);
    if (before?.bytes === bytes) return { file: path, known: true };
    // A crash broke off the copying, or the disk did.
    if (before !== undefined) await files.remove(path);
    await makeRoom(bytes);
    try {
      await copy(files, `${folder}/${segment}`, path, offset, bytes);
      await files.syncFolder(damagedFolder);
    } catch (error) {
      // A part of it may be there: the next one looks.
      kept = undefined;
      throw error;
    }
    kept.push({ name, bytes });
    return { file: path, known: false };
  }

  return {
    keep(place) {
      // One after the other: two consumers find the same damage.
      const keeping = last.then(() => keep(place));
      last = keeping.catch(() => {});
      return keeping;
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
