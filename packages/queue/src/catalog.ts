import type { ExportError } from "@otlpkit/core";
import type { Position } from "./appender.ts";
import { type Mark, markOf, nameOfSegment } from "./layout.ts";
import type { SegmentHeader } from "./segment-header.ts";

/** What is known of a record without reading it. */
export interface Entry {
  readonly offset: number;
  /** Head and payload. */
  readonly bytes: number;
  readonly items: number;
  readonly acceptedAtMs: number;
  readonly tenant: string | undefined;
  /** Items in all records of the queue before this one. */
  readonly itemsBefore: number;
}

/** One file, with what is known of the records in it: 24 bytes of memory for each. */
export interface Segment {
  readonly number: number;
  readonly name: string;
  header: SegmentHeader;
  readonly mark: Mark;
  /** Of the file, without what is left in it from before. */
  bytes: number;
  /** Whether more may come. */
  open: boolean;
  /** The disk failed while it was written. */
  failed: boolean;
  /** What is before this sequence was on stable storage when the last of its records was written. */
  safeBefore: number;
  /** Why its records can't be read; they wait for another start. */
  lockedOut: ExportError | undefined;
  readonly firstSequence: number;
  /** Sequences from the first on, whether their records are there or not. */
  readonly length: number;
  /** Records that are there. */
  readonly records: number;
  readonly items: number;
  /** Behind the last record that is there. */
  readonly end: Position;
  /** Puts in the record with this sequence. */
  add(sequence: number, entry: Entry): void;
  /** Undefined where a record is damaged. */
  get(sequence: number): Entry | undefined;
  has(sequence: number): boolean;
  /** The record is none after all. */
  remove(sequence: number): void;
  /** What comes from there on was withdrawn. */
  cut(sequence: number): void;
}

/** All segments, oldest first. */
export interface Catalog {
  readonly segments: readonly Segment[];
  readonly bytes: number;
  add(segment: Segment): void;
  remove(segment: Segment): void;
  /** The segment in which a record would be. */
  find(sequence: number): Segment | undefined;
  /** Tells of bytes that were added to a file or cut off. */
  grew(segment: Segment, bytes: number): void;
}

const firstLength = 64;
// Offset, bytes, items, age, tenant, items before.
const columns = 6;

export function segmentOf(header: SegmentHeader, bytes: number): Segment {
  const { number, firstSequence, madeAtMs, queueId } = header;
  let table = new Uint32Array(firstLength * columns);
  let length = 0;
  let records = 0;
  let items = 0;
  const tenants: (string | undefined)[] = [];
  const tenantIndexes = new Map<string | undefined, number>();

  const indexOf = (tenant: string | undefined): number => {
    let index = tenantIndexes.get(tenant);
    if (index === undefined) {
      index = tenants.push(tenant) - 1;
      tenantIndexes.set(tenant, index);
    }
    return index;
  };
  // No record begins at 0.
  const has = (sequence: number): boolean => {
    const index = sequence - firstSequence;
    return index >= 0 && index < length && table[index * columns] !== 0;
  };

  const remove = (sequence: number): void => {
    if (!has(sequence)) return;
    const at = (sequence - firstSequence) * columns;
    records--;
    items -= table[at + 2] as number;
    table[at] = 0;
  };

  return {
    number,
    name: nameOfSegment(number),
    header,
    mark: markOf(queueId, number),
    bytes,
    open: false,
    failed: false,
    safeBefore: firstSequence,
    lockedOut: undefined,
    firstSequence,
    get length() {
      return length;
    },
    get records() {
      return records;
    },
    get items() {
      return items;
    },
    get end() {
      for (let index = length - 1; index >= 0; index--) {
        const at = index * columns;
        if (table[at] === 0) continue;
        const itemsBefore = header.itemsBefore + (table[at + 5] as number);
        return { sequence: firstSequence + index + 1, items: itemsBefore + (table[at + 2] as number) };
      }
      return { sequence: firstSequence, items: header.itemsBefore };
    },
    add(sequence, entry) {
      const index = sequence - firstSequence;
      if ((index + 1) * columns > table.length) {
        const larger = new Uint32Array(Math.max(table.length * 2, (index + 1) * columns));
        larger.set(table);
        table = larger;
      }
      // The clock may have jumped back since the segment was made.
      const ageMs = Math.min(Math.max(entry.acceptedAtMs - madeAtMs, 0), 0xffff_ffff);
      const tenant = indexOf(entry.tenant);
      const before = entry.itemsBefore - header.itemsBefore;
      table.set([entry.offset, entry.bytes, entry.items, ageMs, tenant, before], index * columns);
      length = Math.max(length, index + 1);
      records++;
      items += entry.items;
    },
    has,
    get(sequence) {
      if (!has(sequence)) return undefined;
      const at = (sequence - firstSequence) * columns;
      return {
        offset: table[at] as number,
        bytes: table[at + 1] as number,
        items: table[at + 2] as number,
        acceptedAtMs: madeAtMs + (table[at + 3] as number),
        tenant: tenants[table[at + 4] as number],
        itemsBefore: header.itemsBefore + (table[at + 5] as number),
      };
    },
    remove,
    cut(from) {
      for (let sequence = Math.max(from, firstSequence); sequence < firstSequence + length; sequence++)
        remove(sequence);
      length = Math.min(length, Math.max(from - firstSequence, 0));
    },
  };
}

export function catalog(): Catalog {
  const segments: Segment[] = [];
  let bytes = 0;
  return {
    segments,
    get bytes() {
      return bytes;
    },
    add(segment) {
      segments.push(segment);
      bytes += segment.bytes;
    },
    remove(segment) {
      const index = segments.indexOf(segment);
      if (index < 0) return;
      segments.splice(index, 1);
      bytes -= segment.bytes;
    },
    find(sequence) {
      let low = 0;
      let high = segments.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((segments[middle] as Segment).firstSequence <= sequence) low = middle + 1;
        else high = middle;
      }
      return segments[low - 1];
    },
    grew(segment, more) {
      segment.bytes += more;
      bytes += more;
    },
  };
}
