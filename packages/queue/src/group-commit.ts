import type { Settings } from "./options.ts";
import type { NewRecord, Place, SegmentWriter } from "./segment-writer.ts";

/** A batch on its way to disk, and who waits for it. */
export interface Waiting extends NewRecord {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** It has a place. */
export type Placed = Waiting & Place;

/** What the disk refused to do. */
export interface Failure {
  readonly attempted: string;
  readonly error: unknown;
  /** Those with which it failed. */
  readonly lost: readonly Placed[];
  /** Those that come after them. */
  readonly rest: readonly Placed[];
}

/** Makes the records of one segment safe in order: many with one write, and many writes with one sync. */
export interface GroupCommit {
  /** The disk failed: nothing more can be added. */
  readonly failed: boolean;
  readonly busy: boolean;
  add(record: Placed): void;
  /** Resolves when everything that was added is safe, or `onFailed` has done its work. */
  idle(): Promise<void>;
}

export interface GroupCommitOptions extends Pick<Settings, "durability" | "groupBytes" | "groupDelayMs" | "setTimer"> {
  /** Fails when the disk has no room for so many bytes. */
  readonly checkSpace: (bytes: number) => Promise<void>;
  /** These are written, and synced if that is wanted. */
  readonly onSafe: (group: readonly Placed[]) => void;
  readonly onFailed: (failure: Failure) => Promise<void>;
}

/** Less than this waits for company while the disk is busy, since the call alone costs as much. */
const worthWritingBytes = 256 * 1024;

/**
 * The next records are written while those before are synced, so that the disk never waits for us. That would be of no use
 * if everybody waited for the same sync; so when the disk has nothing to do, only a part of what there is goes first.
 */
export function groupCommit(into: SegmentWriter, options: GroupCommitOptions): GroupCommit {
  const { groupBytes, groupDelayMs, setTimer, checkSpace, onSafe } = options;
  const fsynced = options.durability === "fsynced";
  const enoughBytes = Math.min(worthWritingBytes, groupBytes);
  let added: Placed[] = [];
  let addedBytes = 0;
  let unsynced: Placed[] = [];
  let writing: Promise<void> | undefined;
  let syncing: Promise<void> | undefined;
  const failures: Omit<Failure, "rest">[] = [];
  let onEnough = (): void => {};

  function start(): void {
    writing ??= write().finally(() => {
      writing = undefined;
      if (added.length > 0) start();
    });
  }

  async function write(): Promise<void> {
    while (failures.length === 0 && (added.length > 0 || syncing !== undefined)) {
      await company();
      if (added.length > 0 && failures.length === 0) await writeGroup();
    }
    // Those that are being synced may be safe all the same.
    await syncing;
    if (failures.length > 0) await giveUp();
  }

  async function writeGroup(): Promise<void> {
    const { group, bytes } = take();
    try {
      await checkSpace(bytes);
      await into.write(group);
    } catch (error) {
      failures.push({ attempted: "write records", error, lost: group });
      return;
    }
    if (!fsynced) return onSafe(group);
    unsynced.push(...group);
    if (failures.length === 0) syncing ??= sync();
  }

  async function sync(): Promise<void> {
    while (unsynced.length > 0) {
      const group = unsynced;
      unsynced = [];
      try {
        await into.sync();
      } catch (error) {
        failures.push({ attempted: "sync records", error, lost: group });
        break;
      }
      onSafe(group);
    }
    // At once: whoever writes meanwhile must find either this sync, which sees what was written, or none.
    syncing = undefined;
  }

  /** Who comes while the disk is busy goes along, and who comes in the same turn. */
  async function company(): Promise<void> {
    if (syncing !== undefined) await enoughOr(syncing);
    await enoughOr(new Promise((resolve) => setImmediate(resolve)));
    if (groupDelayMs === 0 || syncing !== undefined || added.length === 0) return;
    let cancel = (): void => {};
    await enoughOr(new Promise((resolve) => (cancel = setTimer(resolve, groupDelayMs))));
    cancel();
  }

  function enoughOr(other: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      onEnough = resolve;
      if (addedBytes >= enoughBytes) resolve();
      void other.then(resolve);
    });
  }

  /** What is written next. */
  function take(): { readonly group: Placed[]; readonly bytes: number } {
    const part = fsynced && syncing === undefined ? Math.max(addedBytes / 4, enoughBytes) : groupBytes;
    const most = Math.min(part, groupBytes);
    let bytes = 0;
    let count = 0;
    for (const { bytes: its } of added) {
      if (count > 0 && bytes + its > most) break;
      bytes += its;
      count++;
    }
    addedBytes -= bytes;
    return { group: added.splice(0, count), bytes };
  }

  async function giveUp(): Promise<void> {
    const [{ attempted, error }] = failures as [Omit<Failure, "rest">];
    const lost = failures.flatMap((failure) => failure.lost);
    const rest = [...unsynced, ...added];
    [unsynced, added, addedBytes] = [[], [], 0];
    await options.onFailed({ attempted, error, lost, rest });
  }

  return {
    get failed() {
      return failures.length > 0;
    },
    get busy() {
      return writing !== undefined;
    },
    add(record) {
      added.push(record);
      addedBytes += record.bytes;
      if (addedBytes >= enoughBytes) onEnough();
      start();
    },
    async idle() {
      while (writing !== undefined) await writing;
    },
  };
}
