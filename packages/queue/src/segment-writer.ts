import type { Batch } from "@otlpkit/core";
import type { Position } from "./appender.ts";
import { bestEffort } from "./best-effort.ts";
import { type Catalog, type Segment, segmentOf } from "./catalog.ts";
import { encodePlain, encodeSealed, type PlacedRecord } from "./encode-records.ts";
import { giveBack } from "./give-back.ts";
import { encodeEnd, endBytes, minHeadBytes } from "./record.ts";
import type { NewFile } from "./segment-files.ts";
import { encodeSegmentHeader, segmentHeaderBytes } from "./segment-header.ts";

/** A batch on its way to disk. */
export interface NewRecord {
  readonly batch: Batch;
  readonly details: Buffer;
  readonly tenant: Buffer | undefined;
  readonly acceptedAtMs: number;
}

/** Where a record goes. */
export interface Place {
  readonly sequence: number;
  readonly itemsBefore: number;
  /** So many records before it were not yet safe when it got its place. */
  readonly unsafeBefore: number;
  readonly offset: number;
  /** With its head. */
  readonly bytes: number;
  readonly payloadBytes: number;
}

/** Writes one segment, from front to end. */
export interface SegmentWriter {
  readonly segment: Segment;
  /** Of the file, with everything that has a place in it. */
  readonly plannedBytes: number;
  /** Gives a record the place behind all others; undefined if there is no room for it. */
  place(record: NewRecord, at: Position, unsafeBefore: number): Place | undefined;
  /** Encodes what has a place, seals it if that is wanted, and writes it, in that order. */
  write(records: readonly PlacedRecord[]): Promise<void>;
  sync(): Promise<void>;
  /** What was written counts from now on. */
  commit(records: readonly PlacedRecord[]): void;
  /** Cuts off what was not committed, and ends. */
  withdraw(): Promise<void>;
  /** Nothing more will be written. A file with nothing in it goes. */
  end(): Promise<void>;
}

export interface SegmentWriterOptions {
  readonly catalog: Catalog;
  readonly queueId: Uint8Array;
  readonly segmentBytes: number;
  readonly madeAtMs: number;
  /** Of its first record. */
  readonly next: Position;
  /** Removes a file in which nothing is. */
  readonly discard: (unused: NewFile) => Promise<void>;
}

export function segmentWriter(newFile: NewFile, options: SegmentWriterOptions): SegmentWriter {
  const { number, file, sealer, writtenOver } = newFile;
  const { catalog, queueId, segmentBytes, next, madeAtMs } = options;
  const key = sealer === undefined ? undefined : { id: sealer.keyId, header: sealer.header };
  const { sequence: firstSequence, items: itemsBefore } = next;
  const segment = segmentOf(
    { number, generation: 1, firstSequence, itemsBefore, madeAtMs, queueId, writtenOver, key },
    0,
  );
  const { mark } = segment;
  segment.open = true;
  const behind = encodeEnd(mark);
  let planned = segmentHeaderBytes;
  /** Behind what was written; 0 while nothing was, not even the header. */
  let written = 0;
  /** Behind what counts; 0 while nothing does. */
  let committed = 0;

  function place({ batch, details, tenant }: NewRecord, at: Position, unsafeBefore: number): Place | undefined {
    const { sequence, items: before } = at;
    const payloadBytes = details.length + batch.body.byteLength + (sealer?.overheadBytes ?? 0);
    const bytes = minHeadBytes + (tenant?.length ?? 0) + payloadBytes;
    if (planned + bytes > segmentBytes && planned > segmentHeaderBytes) return undefined;
    const offset = planned;
    planned += bytes;
    return { sequence, itemsBefore: before, unsafeBefore, offset, bytes, payloadBytes };
  }

  async function end(cutAt: number | undefined): Promise<void> {
    segment.open = false;
    if (committed === 0) return options.discard(newFile);
    if (cutAt !== undefined) await bestEffort(file.truncate(cutAt));
    // What was withdrawn must not come back, as it is stored anew.
    if (segment.failed) await bestEffort(file.sync());
    await bestEffort(file.close());
  }

  return {
    segment,
    get plannedBytes() {
      return planned;
    },
    place,
    async write(records) {
      const last = records.at(-1) as Place;
      const encoded =
        sealer === undefined ? encodePlain(mark, records) : encodeSealed(mark, records, sealer, firstSequence);
      const parts = [...encoded];
      parts.push(behind);
      if (written === 0) {
        const header = encodeSegmentHeader(segment.header);
        parts.unshift(header, header);
      }
      await file.write(parts, written);
      written = last.offset + last.bytes;
      if (sealer !== undefined) encoded.forEach(giveBack);
    },
    sync: () => file.sync(),
    commit(records) {
      const last = records.at(-1) as Place;
      const end = last.offset + last.bytes;
      if (committed > 0) catalog.grew(segment, end - committed);
      else {
        segment.bytes = end + endBytes;
        catalog.add(segment);
      }
      committed = end;
      for (const { sequence, offset, bytes, itemsBefore: before, acceptedAtMs, batch } of records) {
        const { items, tenant } = batch;
        segment.add(sequence, { offset, bytes, items, acceptedAtMs, tenant, itemsBefore: before });
      }
    },
    async withdraw() {
      segment.failed = true;
      await end(committed);
    },
    // What is left from before takes room that nobody counts.
    end: () => end(writtenOver ? committed + endBytes : undefined),
  };
}
