import type { Batch } from "@otlpkit/core";
import type { Catalog, Segment } from "./catalog.ts";
import { diskRefusal } from "./disk-refusal.ts";
import { freeSpace } from "./free-space.ts";
import { type Failure, type GroupCommit, groupCommit, type Placed, type Waiting } from "./group-commit.ts";
import { lateSync } from "./late-sync.ts";
import type { Settings } from "./options.ts";
import type { Refusal } from "./queue.ts";
import { encodeDetails, encodeTenant } from "./record.ts";
import type { SegmentFiles } from "./segment-files.ts";
import { segmentWriter, type SegmentWriter } from "./segment-writer.ts";

/** Writes batches to one segment after the other. */
export interface Appender {
  /** The sequence that the next record gets, and the items in all records before it; of what is written. */
  readonly next: Position;
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
  readonly newFiles: SegmentFiles;
  /** Told after each group, before those who wait for it. */
  readonly onStored: (group: readonly Stored[]) => void;
  /** Told that everything before this sequence is on stable storage. */
  readonly onSafe: (before: number) => void;
  /** Told when a segment has ended: it may have been delivered before. */
  readonly onEnded: () => void;
  /** Told when the disk fails. */
  readonly onFailure: (attempted: string, error: unknown) => void;
}

/** The segment that is being written. */
interface Active {
  readonly writer: SegmentWriter;
  readonly commit: GroupCommit;
}

export function appender(options: AppenderOptions): Appender {
  const { catalog, queueId, segmentBytes, newFiles, setTimer } = options;
  const fsynced = options.durability === "fsynced";
  const space = freeSpace(options);
  const late = lateSync({
    setTimer,
    writtenBefore: () => next.sequence,
    onSynced: synced,
    onFailed(into, error) {
      options.onFailure("sync records", error);
      into.segment.failed = true;
      // They are in the operating system's memory still; what comes now goes elsewhere.
      if (active?.writer !== into) return;
      endRequested = true;
      start();
    },
  });
  /** For these there is no place yet. */
  let waiting: Waiting[] = [];
  let active: Active | undefined;
  /** Of the next that gets a place. */
  let planned: Position = options.next;
  /** Behind what is written, and synced if that is wanted. */
  let next: Position = options.next;
  /** What is before this sequence is on stable storage. */
  let safe = options.next.sequence;
  let syncs = 0;
  let running: Promise<void> | undefined;
  let endRequested = false;

  function append(batch: Batch, refusal?: Refusal): Promise<void> {
    const details = encodeDetails(batch, refusal);
    const tenant = batch.tenant === undefined ? undefined : encodeTenant(batch.tenant);
    const acceptedAtMs = wallClock();
    return new Promise((resolve, reject) => {
      const record = { batch, details, tenant, acceptedAtMs, resolve, reject };
      if (waiting.length === 0 && place(record)) return;
      waiting.push(record);
      start();
    });
  }

  /** False if the segment has no room for it. */
  function place(record: Waiting): boolean {
    if (active === undefined || endRequested || active.commit.failed) return false;
    const found = active.writer.place(record, planned, planned.sequence - safe);
    if (found === undefined) return false;
    planned = { sequence: planned.sequence + 1, items: planned.items + record.batch.items };
    active.commit.add({ ...record, ...found });
    return true;
  }

  function start(): void {
    running ??= run().finally(() => {
      running = undefined;
      if (waiting.length > 0 || endRequested) start();
    });
  }

  /** Goes from segment to segment while there is something that has no place. */
  async function run(): Promise<void> {
    await Promise.resolve();
    while (waiting.length > 0 || endRequested) {
      await endActive();
      endRequested = false;
      if (waiting.length > 0) await beginSegment();
    }
  }

  /** Begins a segment and gives places in it to those who wait. */
  async function beginSegment(): Promise<void> {
    try {
      const newFile = await newFiles.take();
      const { discard } = newFiles;
      const writer = segmentWriter(newFile, {
        catalog,
        queueId,
        segmentBytes,
        discard,
        next: planned,
        madeAtMs: wallClock(),
      });
      const commit = groupCommit(writer, {
        ...options,
        checkSpace: (bytes) => space.check(bytes),
        onSafe: (group) => onSafe(writer, group),
        onFailed: (failure) => withdraw(writer, failure),
      });
      active = { writer, commit };
      while (waiting[0] !== undefined && place(waiting[0])) waiting.shift();
    } catch (error) {
      const refusal = refusalOf("begin a segment", error);
      for (const { reject } of waiting.splice(0)) reject(refusal);
    }
  }

  async function endActive(): Promise<void> {
    const ended = active;
    if (ended === undefined) return;
    await ended.commit.idle();
    // It was withdrawn.
    if (active !== ended) return;
    active = undefined;
    await late.now();
    await ended.writer.end();
    options.onEnded();
  }

  function onSafe(into: SegmentWriter, group: readonly Placed[]): void {
    const last = group.at(-1) as Placed;
    next = { sequence: last.sequence + 1, items: last.itemsBefore + last.batch.items };
    if (fsynced) synced(next.sequence);
    else late.wrote(into);
    into.commit(group);
    const { segment } = into;
    options.onStored(group.map(({ sequence, batch, bytes }) => ({ sequence, segment, batch, bytes })));
    for (const { resolve } of group) resolve();
    if (into.plannedBytes > segmentBytes / 2) newFiles.prepare();
  }

  /**
   * After a failure nothing at the end of this segment can be trusted, whatever a second try says, and a sealed record is
   * never sealed again for the same place: another segment is begun. It begins with the sequence that failed, which tells
   * whoever reads the files that this one's records from there on do not count.
   */
  async function withdraw(from: SegmentWriter, { attempted, error, lost, rest }: Failure): Promise<void> {
    const refusal = refusalOf(attempted, error);
    await late.now();
    await from.withdraw();
    active = undefined;
    planned = next;
    waiting = [...rest, ...waiting];
    if (waiting.length > 0) start();
    for (const { reject } of lost) reject(refusal);
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
    while (running !== undefined || active?.commit.busy === true) {
      await running;
      await active?.commit.idle();
    }
  }

  return {
    get next() {
      return next;
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
    },
  };
}
