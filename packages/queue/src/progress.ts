import { bestEffort } from "./best-effort.ts";
import type { Files, OpenFile } from "./files.ts";
import { nameOfProgress } from "./layout.ts";
import type { SetTimer } from "./options.ts";
import { encodeEntry, encodeSnapshot, entryBytes, type ProgressEntry, type Snapshot } from "./progress-file.ts";

/** Writes down what has become of records, so that a crash repeats no more than what was under way. */
export interface Progress {
  /** Resolves once the operating system has the entry; also when that fails, since then it is written later. */
  note(entry: ProgressEntry): Promise<void>;
  /** Writes everything down anew, synced. False when the disk did not let us. */
  checkpoint(): Promise<boolean>;
  close(): Promise<void>;
}

export interface ProgressOptions {
  readonly files: Files;
  readonly folder: string;
  /** Of the newest file that is there. */
  readonly number: number;
  readonly snapshot: () => Snapshot;
  readonly setTimer: SetTimer;
  readonly onFailure: (attempted: string, error: unknown) => void;
}

/** A power cut repeats what was delivered in so much time. */
const syncMs = 1000;
const retryMs = 1000;
const maxBytes = 1024 * 1024;
/** Room for entries is taken with the snapshot, so that a disk that fills up later does not keep us from noting them. */
const reserveBytes = 64 * 1024;

export function progress(options: ProgressOptions): Progress {
  const { files, folder, setTimer, onFailure } = options;
  let number = options.number;
  let file: OpenFile | undefined;
  let end = 0;
  let dirty = false;
  let entries: Buffer[] = [];
  let written: (() => void)[] = [];
  let checkpoints: ((done: boolean) => void)[] = [];
  let running: Promise<void> | undefined;
  let cancelSync: (() => void) | undefined;
  let cancelRetry: (() => void) | undefined;
  let removedUpTo = Math.max(1, options.number - 2);
  let closed = false;

  function start(): void {
    running ??= run().finally(() => {
      running = undefined;
      if (entries.length > 0 || checkpoints.length > 0) start();
    });
  }

  async function run(): Promise<void> {
    await Promise.resolve();
    while (entries.length > 0 || checkpoints.length > 0) {
      const noted = entries;
      const waiting = written;
      const asked = checkpoints;
      [entries, written, checkpoints] = [[], [], []];
      if (file === undefined || asked.length > 0 || end > maxBytes) {
        // A snapshot holds all that was noted before; if it can't be written now, the next one will.
        const done = await begin(options.snapshot());
        if (!done && file !== undefined) await add(noted);
        for (const resolve of asked) resolve(done);
      } else await add(noted);
      for (const resolve of waiting) resolve();
    }
  }

  async function add(noted: readonly Buffer[]): Promise<void> {
    if (file === undefined || noted.length === 0) return;
    try {
      await file.write(noted, end);
      end += noted.length * entryBytes;
      dirty = true;
      cancelSync ??= setTimer(() => {
        cancelSync = undefined;
        void sync();
      }, syncMs);
    } catch (error) {
      await giveUp("write down progress", error);
    }
  }

  async function sync(): Promise<void> {
    if (!dirty || file === undefined) return;
    dirty = false;
    const synced = file;
    try {
      await synced.sync();
    } catch (error) {
      if (file === synced) await giveUp("sync progress", error);
    }
  }

  /** A file that failed is not trusted any more; everything is written down anew, now or as soon as it can be. */
  async function giveUp(attempted: string, error: unknown): Promise<void> {
    onFailure(attempted, error);
    const failed = file;
    file = undefined;
    await bestEffort(failed?.close());
    retryLater();
  }

  function retryLater(): void {
    if (closed) return;
    cancelRetry ??= setTimer(() => {
      cancelRetry = undefined;
      checkpoints.push(() => {});
      start();
    }, retryMs);
  }

  /** Begins a new file with all that is known. */
  async function begin(snapshot: Snapshot): Promise<boolean> {
    const path = `${folder}/${nameOfProgress(++number)}`;
    let made: OpenFile | undefined;
    try {
      made = await files.open(path, "create");
      const bytes = encodeSnapshot(snapshot);
      await made.write([bytes, new Uint8Array(reserveBytes)], 0);
      await made.sync();
      await files.syncFolder(folder);
      const before = file;
      file = made;
      end = bytes.length;
      dirty = false;
      await bestEffort(before?.close());
      await removeOlder();
      return true;
    } catch (error) {
      onFailure("write down progress", error);
      await bestEffort(made?.close());
      if (made !== undefined) await bestEffort(files.remove(path));
      if (file === undefined) retryLater();
      return false;
    }
  }

  /** The one before stays, see {@link loadProgress}. */
  async function removeOlder(): Promise<void> {
    for (let old = removedUpTo; old < number - 1; old++)
      await bestEffort(files.remove(`${folder}/${nameOfProgress(old)}`));
    removedUpTo = number - 1;
  }
  return {
    note(entry) {
      if (closed) return Promise.resolve();
      return new Promise((resolve) => {
        entries.push(encodeEntry(entry));
        written.push(resolve);
        start();
      });
    },
    checkpoint() {
      if (closed) return Promise.resolve(false);
      return new Promise((resolve) => {
        checkpoints.push(resolve);
        start();
      });
    },
    async close() {
      closed = true;
      while (running !== undefined) await running;
      cancelSync?.();
      cancelRetry?.();
      await sync();
      await bestEffort(file?.close());
      file = undefined;
    },
  };
}
