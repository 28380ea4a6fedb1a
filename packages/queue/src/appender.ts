import type { Batch } from "@otlpkit/core";
import type { Catalog, Segment } from "./catalog.ts";
import { diskRefusal } from "./disk-refusal.ts";
import { freeSpace } from "./free-space.ts";
import { lateSync } from "./late-sync.ts";
import type { Settings } from "./options.ts";
import type { Refusal } from "./queue.ts";
import { encodeDetails, encodeTenant } from "./record.ts";
import { segmentFiles } from "./segment-files.ts";
import { type NewRecord, type Place, segmentWriter, type SegmentWriter } from "./segment-writer.ts";

/** Writes batches to segments, many with one write and one sync. */
export interface Appender {
  /** The sequence that the next record gets, and the items in all records before it; of what is written. */
  readonly next: Position;
  /** The number that the next segment gets. */
  readonly nextSegment: number;
  readonly syncs: number;
  /** Resolves when the batch is as safe as was asked for. */
  append(batch: Batch, refusal?: Refusal): Promise<void>;
  /** Resolves when everything given before is written or has failed. */
  idle(): Promise<void>;
  /** Ends the segment that is being written, so that it may be deleted. */
  endSegment(): Promise<void>;
  /** Writes what it has, syncs, and lets go. */
  close(): Promise<void>;
}

/** A place in the queue. */
export interface Position {
  readonly sequence: number;
  readonly items: number;
}

/** A record that has just become safe. */
export interface Stored {
  readonly sequence: number;
  readonly segment: Segment;
  readonly batch: Batch;
  readonly bytes: number;
}

export interface AppenderOptions extends Pick<
  Settings,
  | "files"
  | "folder"
  | "encryption"
  | "durability"
  | "segmentBytes"
  | "groupBytes"
  | "groupDelayMs"
  | "minFreeBytes"
  | "now"
  | "wallClock"
  | "setTimer"
> {
  readonly queueId: Uint8Array;
  readonly catalog: Catalog;
  /** Where to go on. */
  readonly next: Position;
  readonly nextSegment: number;
  /** Told after each group, before those who wait for it. */
  readonly onStored: (group: readonly Stored[]) => void;
  /** Told that everything before this sequence is on stable storage. */
  readonly onSafe: (before: number) => void;
  /** Told when a segment has ended: it may have been delivered before. */
  readonly onEnded: () => void;
  /** Told when the disk fails. */
  readonly onFailure: (attempted: string, error: unknown) => void;
}

/** For this there is no place yet. */
interface Waiting extends NewRecord {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** This has one, and is encoded while the disk is busy with what comes before. */
type Placed = Waiting & Place;

export function appender(options: AppenderOptions): Appender {
  const { groupBytes, groupDelayMs, segmentBytes, setTimer } = options;
  const fsynced = options.durability === "fsynced";
  const newFiles = segmentFiles(options);
  const space = freeSpace(options);
  const late = lateSync({
    setTimer,
    writtenBefore: () => written.sequence,
    onSynced: synced,
    onFailed(into, error) {
      options.onFailure("sync records", error);
      // They are in the operating system's memory still; what comes now goes elsewhere.
      if (active !== into) return;
      endRequested = true;
      start();
    },
  });
  let waiting: Waiting[] = [];
  let placed: Placed[] = [];
  let active: SegmentWriter | undefined;
  /** Of the next that gets a place. */
  let planned: Position = options.next;
  /** Of the next that is written. */
  let written: Position = options.next;
  /** What is before this sequence is on stable storage. */
  let safe = options.next.sequence;
  let syncs = 0;
  let running: Promise<void> | undefined;
  let endRequested = false;
  let groupFull = (): void => {};

  function append(batch: Batch, refusal?: Refusal): Promise<void> {
    const details = encodeDetails(batch, refusal);
    const tenant = batch.tenant === undefined ? undefined : encodeTenant(batch.tenant);
    const acceptedAtMs = wallClock();
    return new Promise((resolve, reject) => {
      const record = { batch, details, tenant, acceptedAtMs, resolve, reject };
      if (waiting.length > 0 || !place(record)) waiting.push(record);
      if (active !== undefined && active.unwrittenBytes >= groupBytes) groupFull();
      start();
    });
  }

  /** False if the segment has no room for it. */
  function place(record: Waiting): boolean {
    if (active === undefined || endRequested) return false;
    const found = active.place(record, planned, planned.sequence - safe);
    if (found === undefined) return false;
    placed.push({ ...record, ...found });
    planned = { sequence: planned.sequence + 1, items: planned.items + record.batch.items };
    return true;
  }

  function start(): void {
    running ??= run().finally(() => {
      running = undefined;
      if (waiting.length > 0 || placed.length > 0 || endRequested) start();
    });
  }

  /** Writes group after group while there is something to write. */
  async function run(): Promise<void> {
    // Whoever sends in the same turn goes along.
    await turn();
    while (waiting.length > 0 || placed.length > 0 || endRequested) {
      if (active !== undefined && placed.length > 0) {
        await company(active);
        await writeGroup(active);
      } else if (endRequested) {
        await endActive();
        endRequested = false;
      } else await beginSegment();
    }
  }

  /** Waits for others, if that is wanted. */
  async function company(into: SegmentWriter): Promise<void> {
    if (groupDelayMs === 0 || into.unwrittenBytes >= groupBytes) return;
    await new Promise<void>((resolve) => {
      const cancel = setTimer(resolve, groupDelayMs);
      groupFull = () => {
        cancel();
        resolve();
      };
    });
    groupFull = () => {};
  }

  async function writeGroup(into: SegmentWriter): Promise<void> {
    const { group, bytes } = takeGroup();
    let attempted = "write records";
    try {
      await space.check(bytes);
      await into.write(group);
      if (fsynced) {
        attempted = "sync records";
        await into.sync();
      } else late.wrote(into);
    } catch (error) {
      const refusal = refusalOf(attempted, error);
      await withdraw(into, group[0] as Placed);
      for (const { reject } of group) reject(refusal);
      return;
    }
    const last = group.at(-1) as Placed;
    written = { sequence: last.sequence + 1, items: last.itemsBefore + last.batch.items };
    if (fsynced) synced(written.sequence);
    into.commit(group);
    const { segment } = into;
    options.onStored(group.map(({ sequence, batch, bytes: its }) => ({ sequence, segment, batch, bytes: its })));
    for (const { resolve } of group) resolve();
    if (into.plannedBytes > segmentBytes / 2) newFiles.prepare();
  }

  /** As many as may be written at one time. */
  function takeGroup(): { group: readonly Placed[]; bytes: number } {
    let bytes = 0;
    let count = 0;
    for (const { bytes: its } of placed) {
      if (count > 0 && bytes + its > groupBytes) break;
      bytes += its;
      count++;
    }
    return { group: placed.splice(0, count), bytes };
  }

  /**
   * After a failure nothing at the end of this segment can be trusted, whatever a second try says, and a sealed record is
   * never sealed again for the same place: another segment is begun. It begins with the sequence that failed, which tells
   * whoever reads the files that this one's records from there on do not count.
   */
  async function withdraw(from: SegmentWriter, first: Placed): Promise<void> {
    planned = { sequence: first.sequence, items: first.itemsBefore };
    waiting = [...placed, ...waiting];
    placed = [];
    active = undefined;
    await late.now();
    await from.withdraw();
  }

  /** Ends the segment, begins another one, and gives places in it to those who wait. */
  async function beginSegment(): Promise<void> {
    try {
      await endActive();
      const { catalog, queueId } = options;
      const newFile = await newFiles.take();
      active = segmentWriter(newFile, {
        catalog,
        queueId,
        segmentBytes,
        discard: newFiles.discard,
        next: planned,
        madeAtMs: wallClock(),
      });
      while (waiting[0] !== undefined && place(waiting[0])) waiting.shift();
    } catch (error) {
      const refusal = refusalOf("begin a segment", error);
      for (const { reject } of waiting.splice(0)) reject(refusal);
    }
  }

  async function endActive(): Promise<void> {
    const ended = active;
    if (ended === undefined) return;
    active = undefined;
    await late.now();
    await ended.end();
    options.onEnded();
  }

  function synced(before: number): void {
    syncs++;
    if (before <= safe) return;
    safe = before;
    options.onSafe(before);
  }

  function refusalOf(attempted: string, error: unknown): unknown {
    options.onFailure(attempted, error);
    return diskRefusal(attempted, error);
  }

  function wallClock(): number {
    return Math.max(0, Math.floor(options.wallClock()));
  }

  async function idle(): Promise<void> {
    while (running !== undefined) await running;
  }

  return {
    get next() {
      return written;
    },
    get nextSegment() {
      return newFiles.nextNumber;
    },
    get syncs() {
      return syncs;
    },
    append,
    idle,
    async endSegment() {
      endRequested = true;
      start();
      await idle();
    },
    async close() {
      await idle();
      late.stop();
      await endActive();
      await newFiles.close();
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
