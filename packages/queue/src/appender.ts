import type { Batch, Encryption } from "@otlpkit/core";
import { bestEffort } from "./best-effort.ts";
import { type Catalog, type Segment, segmentOf } from "./catalog.ts";
import { diskRefusal } from "./disk-refusal.ts";
import type { Files } from "./files.ts";
import { freeSpace } from "./free-space.ts";
import { markOf } from "./layout.ts";
import type { Durability, SetTimer } from "./options.ts";
import type { Refusal } from "./queue.ts";
import { checksumOf, encodeDetails, encodeHead, encodeTenant, minHeadBytes } from "./record.ts";
import { type NewFile, segmentFiles } from "./segment-files.ts";
import { encodeSegmentHeader, segmentHeaderBytes } from "./segment-header.ts";

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

export interface AppenderOptions {
  readonly files: Files;
  readonly folder: string;
  readonly queueId: Uint8Array;
  readonly catalog: Catalog;
  readonly encryption?: Encryption;
  readonly durability: Durability;
  readonly segmentBytes: number;
  readonly groupBytes: number;
  readonly groupDelayMs: number;
  readonly minFreeBytes: number;
  readonly now: () => number;
  readonly wallClock: () => number;
  readonly setTimer: SetTimer;
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

interface Waiting {
  readonly batch: Batch;
  readonly details: Buffer;
  readonly tenant: Buffer | undefined;
  readonly acceptedAtMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Encoded for a place in the segment that is being written. */
interface Prepared extends Waiting {
  readonly sequence: number;
  readonly itemsBefore: number;
  readonly offset: number;
  readonly bytes: number;
  readonly parts: readonly Uint8Array[];
}

interface Active extends NewFile {
  readonly segment: Segment;
  /** Whether its header is written. */
  begun: boolean;
  /** Where the next record goes. */
  end: number;
  /** Where what is safe ends. */
  safeEnd: number;
  synced: boolean;
}

/** How long what was only handed to the operating system may stay unsynced. */
const bufferedSyncMs = 1000;

/** Bytes that a batch takes at most, apart from what encryption adds. */
export function recordBytesOf(batch: Batch, details: Buffer = encodeDetails(batch)): number {
  return (
    minHeadBytes +
    (batch.tenant === undefined ? 0 : Buffer.byteLength(batch.tenant)) +
    details.length +
    batch.body.byteLength
  );
}

export function appender(options: AppenderOptions): Appender {
  const { files, folder, queueId, catalog, segmentBytes, groupBytes, setTimer } = options;
  const mark = markOf(queueId);
  const fsynced = options.durability === "fsynced";
  /** For these there is no place yet. */
  let waiting: Waiting[] = [];
  /** These have one, and are encoded while the disk is busy with those before. */
  let prepared: Prepared[] = [];
  let active: Active | undefined;
  const newFiles = segmentFiles(options);
  /** Of the next that is prepared. */
  let planned: Position = options.next;
  /** Of the next that is written. */
  let written: Position = options.next;
  /** What is before this sequence is on stable storage. */
  let safe = options.next.sequence;
  let running: Promise<void> | undefined;
  let endRequested = false;
  let syncs = 0;
  let cancelSync: (() => void) | undefined;
  const space = freeSpace(options);
  let groupFull = (): void => {};

  function append(batch: Batch, refusal?: Refusal): Promise<void> {
    const details = encodeDetails(batch, refusal);
    const tenant = batch.tenant === undefined ? undefined : encodeTenant(batch.tenant);
    const acceptedAtMs = Math.max(0, Math.floor(options.wallClock()));
    return new Promise((resolve, reject) => {
      const entry = { batch, details, tenant, acceptedAtMs, resolve, reject };
      if (waiting.length > 0 || !prepare(entry)) waiting.push(entry);
      if (active !== undefined && active.end - active.safeEnd >= groupBytes) groupFull();
      start();
    });
  }

  function start(): void {
    running ??= run().finally(() => {
      running = undefined;
      if (waiting.length > 0 || prepared.length > 0 || endRequested) start();
    });
  }

  /** Encodes a record for its place. False if the segment has no room for it. */
  function prepare(entry: Waiting): boolean {
    if (active === undefined || endRequested) return false;
    const { batch, details, tenant, acceptedAtMs } = entry;
    const { sealer, segment } = active;
    const payloadBytes = details.length + batch.body.byteLength + (sealer?.overheadBytes ?? 0);
    const bytes = minHeadBytes + (tenant?.length ?? 0) + payloadBytes;
    if (active.end + bytes > segmentBytes && active.end > segmentHeaderBytes) return false;
    const { signal, format, items, body } = batch;
    const head = encodeHead(
      mark,
      {
        payloadBytes,
        detailBytes: details.length,
        sequence: planned.sequence,
        itemsBefore: planned.items,
        acceptedAtMs,
        items,
        unsafeBefore: planned.sequence - safe,
        checksum: sealer === undefined ? checksumOf(details, body) : 0,
        signal,
        format,
        encrypted: sealer !== undefined,
      },
      tenant,
    );
    const plain = details.length === 0 ? [body] : [details, body];
    const sealed = sealer?.seal(planned.sequence - segment.firstSequence, plain, head) ?? plain;
    prepared.push({
      ...entry,
      sequence: planned.sequence,
      itemsBefore: planned.items,
      offset: active.end,
      bytes,
      parts: [head, ...sealed],
    });
    active.end += bytes;
    planned = { sequence: planned.sequence + 1, items: planned.items + items };
    return true;
  }

  /** Writes group after group while there is something to write. */
  async function run(): Promise<void> {
    // Whoever sends in the same turn goes along.
    await turn();
    while (waiting.length > 0 || prepared.length > 0 || endRequested) {
      if (prepared.length > 0) {
        await company();
        await writeGroup();
      } else if (endRequested) {
        await finish();
        endRequested = false;
      } else {
        try {
          await beginSegment();
          prepareWaiting();
        } catch (error) {
          const failed = waiting;
          waiting = [];
          const refusal = refusalOf("begin a segment", error);
          for (const { reject } of failed) reject(refusal);
        }
      }
    }
  }

  function prepareWaiting(): void {
    let count = 0;
    try {
      while (count < waiting.length && prepare(waiting[count] as Waiting)) count++;
    } finally {
      waiting.splice(0, count);
    }
  }

  /** Waits for others, if that is wanted. */
  async function company(): Promise<void> {
    if (options.groupDelayMs === 0 || active === undefined || active.end - active.safeEnd >= groupBytes) return;
    await new Promise<void>((resolve) => {
      const cancel = setTimer(resolve, options.groupDelayMs);
      groupFull = () => {
        cancel();
        resolve();
      };
    });
    groupFull = () => {};
  }

  async function writeGroup(): Promise<void> {
    const into = active as Active;
    let bytes = 0;
    let count = 0;
    while (count < prepared.length && (count === 0 || bytes + (prepared[count] as Prepared).bytes <= groupBytes)) {
      bytes += (prepared[count++] as Prepared).bytes;
    }
    const group = prepared.splice(0, count);
    const parts = group.flatMap((entry) => entry.parts);
    const { offset } = group[0] as Prepared;
    let attempted = "write records";
    try {
      await space.check(bytes);
      if (into.begun) await into.file.write(parts, offset);
      else {
        const header = encodeSegmentHeader(into.segment.header);
        await into.file.write([header, header, ...parts], 0);
      }
      if (fsynced) {
        attempted = "sync records";
        await into.file.sync();
        syncs++;
      } else syncLater(into);
    } catch (error) {
      const refusal = refusalOf(attempted, error);
      await withdraw(into, group);
      for (const { reject } of group) reject(refusal);
      return;
    }
    const last = group.at(-1) as Prepared;
    written = { sequence: last.sequence + 1, items: last.itemsBefore + last.batch.items };
    into.safeEnd = last.offset + last.bytes;
    if (fsynced) becameSafe(written.sequence);
    commit(into, group);
    for (const { resolve } of group) resolve();
    if (into.end > segmentBytes / 2) newFiles.prepare();
  }

  function commit(into: Active, group: readonly Prepared[]): void {
    const { segment } = into;
    if (into.begun) catalog.grew(segment, into.safeEnd - segment.bytes);
    else {
      into.begun = true;
      segment.bytes = into.safeEnd;
      catalog.add(segment);
    }
    for (const { sequence, itemsBefore, offset, bytes, acceptedAtMs, batch } of group) {
      const { items, tenant } = batch;
      segment.add(sequence, { offset, bytes, items, acceptedAtMs, tenant, itemsBefore });
    }
    options.onStored(group.map(({ sequence, batch, bytes }) => ({ sequence, segment, batch, bytes })));
  }

  /**
   * After a failure nothing at the end of this segment can be trusted, whatever a second try says, and a sealed record is
   * never sealed again for the same place: another segment is begun. It begins with the sequence that failed, which tells
   * whoever reads the files that this one's records from there on do not count.
   */
  async function withdraw(from: Active, group: readonly Prepared[]): Promise<void> {
    const first = group[0] as Prepared;
    planned = { sequence: first.sequence, items: first.itemsBefore };
    waiting = [...prepared, ...waiting];
    prepared = [];
    active = undefined;
    from.segment.open = false;
    await syncNow(from);
    await bestEffort(from.begun ? from.file.truncate(from.safeEnd) : undefined);
    await bestEffort(from.file.close());
    if (!from.begun) await bestEffort(files.remove(`${folder}/${from.segment.name}`));
  }

  async function beginSegment(): Promise<void> {
    await finish();
    const { number, file, sealer } = await newFiles.take();
    const header = {
      number,
      generation: 1,
      firstSequence: planned.sequence,
      itemsBefore: planned.items,
      madeAtMs: Math.max(0, Math.floor(options.wallClock())),
      queueId,
      key: sealer === undefined ? undefined : { id: sealer.keyId, header: sealer.header },
    };
    const segment = segmentOf(header, 0);
    segment.open = true;
    active = { number, file, sealer, segment, begun: false, end: segmentHeaderBytes, safeEnd: 0, synced: true };
  }

  /** Ends the segment that is being written. */
  async function finish(): Promise<void> {
    const ended = active;
    if (ended === undefined) return;
    active = undefined;
    await syncNow(ended);
    ended.segment.open = false;
    options.onEnded();
    if (ended.begun) await bestEffort(ended.file.close());
    else await newFiles.discard(ended);
  }

  function syncLater(into: Active): void {
    into.synced = false;
    cancelSync ??= setTimer(() => {
      cancelSync = undefined;
      if (active?.synced === false) void syncNow(active);
    }, bufferedSyncMs);
  }

  /** Of what was answered when it was only written. */
  async function syncNow(into: Active): Promise<void> {
    if (into.synced) return;
    into.synced = true;
    const { sequence } = written;
    try {
      await into.file.sync();
      syncs++;
      becameSafe(sequence);
    } catch (error) {
      options.onFailure("sync records", error);
      // They are in the operating system's memory still; what comes now goes elsewhere.
      if (active === into) {
        endRequested = true;
        start();
      }
    }
  }

  function becameSafe(before: number): void {
    if (before <= safe) return;
    safe = before;
    options.onSafe(before);
  }

  function refusalOf(attempted: string, error: unknown): unknown {
    options.onFailure(attempted, error);
    return diskRefusal(attempted, error);
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
      cancelSync?.();
      await finish();
      await newFiles.close();
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
