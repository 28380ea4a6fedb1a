import type { Files, OpenFile } from "../src/files.ts";
import type { Random } from "./random.ts";
import { type Outcome, outcomes, simulatedContent, type SimulatedContent } from "./simulated-content.ts";

/** One call of the file system, before it is done. */
export interface Call {
  readonly kind:
    | "makeFolder"
    | "list"
    | "create"
    | "open"
    | "read"
    | "write"
    | "truncate"
    | "sync"
    | "rename"
    | "remove"
    | "syncFolder";
  /** What the file is called at this moment. */
  readonly path: string;
}

/** What a simulated disk is made with. */
export interface SimulatedFilesOptions {
  readonly random: Random;
  /** Waits before a call is done; slow disks wait long. Default: a moment. */
  readonly pause?: (call: Call) => Promise<void>;
}

/**
 * Files that are lost, torn and refused. Until it is synced, what was written lasts in part, if at all; so do creations,
 * renames and removals until their folder is synced. All of it is decided by `random`, and so is the same for the same seed.
 */
export interface SimulatedFiles extends Files {
  /** Asked when a call is done, with what was given to `pause` when it began: which code it fails with, if any: "EIO", "ENOSPC". A failed write may have written; a failed rename may be done. */
  fault: (call: Call) => string | undefined;
  /** Room on the disk, what is in use included. */
  capacityBytes: number;
  readonly usedBytes: number;
  /** Names and lengths of the files in a folder, sorted by name. */
  files(folder: string): { readonly path: string; readonly bytes: number }[];
  /** All files, sorted by path. */
  allFiles(): { readonly path: string; readonly bytes: number }[];
  /** The same disk for one who looks at it from outside: nothing waits, nothing fails. */
  atEase(): SimulatedFiles;
  /** A file as programs see it. */
  contents(path: string): Uint8Array;
  /** Damages a file: changes one bit for good. */
  flip(path: string, offset: number, bit: number): void;
  /**
   * The power goes: from now on no call of this object ever ends. Returns what is found when it is back; asked again, it
   * returns another thing that might have been found.
   */
  crash(random: Random, outcome?: Outcome): SimulatedFiles;
  /** kill -9: as `crash`, but the system goes on, and everything written is there, what was being written perhaps in part. */
  kill(random: Random): SimulatedFiles;
}

type Entries = Map<string, SimulatedContent>;
type EntryChange = { readonly folder: string; readonly apply: (entries: Entries) => void };

interface Disk {
  readonly entries: Entries;
  readonly lastingEntries: Entries;
  readonly entryChanges: EntryChange[];
  readonly folders: Set<string>;
  capacityBytes: number;
}

export function simulatedFiles(options: SimulatedFilesOptions): SimulatedFiles {
  return filesOn(options, {
    entries: new Map(),
    lastingEntries: new Map(),
    entryChanges: [],
    folders: new Set(),
    capacityBytes: Infinity,
  });
}

function filesOn(options: SimulatedFilesOptions, disk: Disk): SimulatedFiles {
  const { random, pause = () => Promise.resolve() } = options;
  let off = false;
  /** Writes that have begun and not ended: a kill may leave a part of them. */
  const writing = new Map<
    object,
    { readonly content: SimulatedContent; readonly offset: number; readonly bytes: Uint8Array }
  >();

  const usedBytes = (): number => {
    let used = 0;
    for (const content of new Set(disk.entries.values())) used += content.seen().length;
    return used;
  };
  const changeEntries = (folder: string, apply: (entries: Entries) => void): void => {
    apply(disk.entries);
    disk.entryChanges.push({ folder, apply });
  };
  /** Waits, then says what is to fail. Once the power is off, nothing ever ends. */
  const begin = async (kind: Call["kind"], path: string): Promise<string | undefined> => {
    if (off) return never();
    const call = { kind, path };
    await pause(call);
    return off ? never() : files.fault(call);
  };
  const content = (path: string): SimulatedContent => {
    const found = disk.entries.get(path);
    if (!found) throw failure("ENOENT", path);
    return found;
  };

  const openFile = (openedAs: string, file: SimulatedContent): OpenFile => {
    let open = true;
    const name = (): string => [...disk.entries].find(([, entry]) => entry === file)?.[0] ?? openedAs;
    const here = (): SimulatedContent => {
      if (!open) throw failure("EBADF", openedAs);
      return file;
    };
    return {
      async size() {
        return here().seen().length;
      },
      async read(offset, length) {
        const code = await begin("read", name());
        if (code) throw failure(code, openedAs);
        return here()
          .seen()
          .slice(offset, offset + length);
      },
      async write(parts, offset) {
        const bytes = joined(parts);
        const ticket = {};
        writing.set(ticket, { content: here(), offset, bytes });
        const code = await begin("write", name());
        writing.delete(ticket);
        const room = disk.capacityBytes - usedBytes() + Math.max(0, here().seen().length - offset);
        const written = code ? random.below(bytes.length + 1) : Math.min(bytes.length, Math.max(0, room));
        if (written > 0) file.change({ kind: "write", offset, bytes: bytes.subarray(0, written) });
        if (code) throw failure(code, openedAs);
        if (written < bytes.length) throw failure("ENOSPC", openedAs);
      },
      async truncate(length) {
        const code = await begin("truncate", name());
        if (code) throw failure(code, openedAs);
        here().change({ kind: "truncate", length });
      },
      async sync() {
        const endSync = here().beginSync();
        const code = await begin("sync", name());
        if (!code) return endSync();
        here().failSync(random);
        throw failure(code, openedAs);
      },
      async close() {
        open = false;
      },
    };
  };

  const files: SimulatedFiles = {
    fault: () => undefined,
    get capacityBytes() {
      return disk.capacityBytes;
    },
    set capacityBytes(bytes) {
      disk.capacityBytes = bytes;
    },
    get usedBytes() {
      return usedBytes();
    },
    async makeFolder(path) {
      const code = await begin("makeFolder", path);
      if (code) throw failure(code, path);
      for (let folder = path; folder !== ""; folder = folderOf(folder)) disk.folders.add(folder);
    },
    async list(folder) {
      const code = await begin("list", folder);
      if (code) throw failure(code, folder);
      if (!disk.folders.has(folder)) throw failure("ENOENT", folder);
      return files.files(folder).map(({ path }) => path.slice(folder.length + 1));
    },
    async open(path, how) {
      const code = await begin(how === "create" ? "create" : "open", path);
      if (code) throw failure(code, path);
      if (how !== "create") return openFile(path, content(path));
      if (disk.entries.has(path)) throw failure("EEXIST", path);
      if (!disk.folders.has(folderOf(path))) throw failure("ENOENT", path);
      if (usedBytes() >= disk.capacityBytes) throw failure("ENOSPC", path);
      const made = simulatedContent();
      changeEntries(folderOf(path), (entries) => entries.set(path, made));
      return openFile(path, made);
    },
    async rename(from, to) {
      const code = await begin("rename", from);
      if (code && random.chance(0.5)) throw failure(code, from);
      const moved = content(from);
      changeEntries(folderOf(to), (entries) => {
        if (entries.get(from) === moved) entries.delete(from);
        entries.set(to, moved);
      });
      if (code) throw failure(code, from);
    },
    async remove(path) {
      const code = await begin("remove", path);
      if (code) throw failure(code, path);
      const gone = content(path);
      changeEntries(folderOf(path), (entries) => {
        if (entries.get(path) === gone) entries.delete(path);
      });
    },
    async syncFolder(folder) {
      const covered = new Set(disk.entryChanges.filter((change) => change.folder === folder));
      const code = await begin("syncFolder", folder);
      if (code) throw failure(code, folder);
      // What another sync has made last meanwhile is not done again, over what came later.
      for (const change of disk.entryChanges.splice(0)) {
        if (covered.has(change)) change.apply(disk.lastingEntries);
        else disk.entryChanges.push(change);
      }
    },
    async freeBytes() {
      return Math.max(0, disk.capacityBytes - usedBytes());
    },
    files: (folder) => files.allFiles().filter(({ path }) => folderOf(path) === folder),
    allFiles: () =>
      [...disk.entries]
        .map(([path, file]) => ({ path, bytes: file.seen().length }))
        .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    atEase: () => filesOn({ random }, disk),
    contents: (path) => content(path).seen(),
    flip: (path, offset, bit) => content(path).flip(offset, bit),
    crash(dice, outcome = dice.pick(outcomes)) {
      off = true;
      const found: Entries = new Map(disk.lastingEntries);
      for (const { apply } of disk.entryChanges) {
        if (outcome === "everything lasts" || (outcome !== "nothing lasts" && dice.chance(0.5))) apply(found);
      }
      const entries = copied(found, (file) => file.afterPowerCut(dice, outcome));
      return filesOn(options, { ...disk, entries, lastingEntries: new Map(entries), entryChanges: [] });
    },
    kill(dice) {
      off = true;
      for (const { content: file, offset, bytes } of writing.values()) {
        const part = bytes.subarray(0, dice.below(bytes.length + 1));
        if (part.length > 0) file.change({ kind: "write", offset, bytes: part });
      }
      return filesOn(options, disk);
    },
  };
  return files;
}

/** A file that has two names stays one file. */
function copied(entries: Entries, copy: (file: SimulatedContent) => SimulatedContent): Entries {
  const copies = new Map<SimulatedContent, SimulatedContent>();
  return new Map(
    [...entries].map(([path, file]) => {
      const made = copies.get(file) ?? copy(file);
      copies.set(file, made);
      return [path, made];
    }),
  );
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${path}`), { code, path });
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
