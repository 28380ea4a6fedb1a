import { type Encryption, ExportError } from "@otlpkit/core";
import type { Position } from "./appender.ts";
import type { Catalog, Segment } from "./catalog.ts";
import type { Amount } from "./events.ts";
import type { Files } from "./files.ts";
import type { LoadedProgress } from "./progress-file.ts";
import { reader } from "./reader.ts";

/** A record that was being written when the power went. */
export interface Unfinished {
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: number;
}

/** Everything before this sequence was on stable storage; what comes after may never have been answered. */
export function safeBefore({ snapshot, entries }: LoadedProgress, { segments }: Catalog): number {
  const noted = entries.map(({ kind, sequence }) => (kind === "safe" ? sequence : sequence + 1));
  const written = segments.map((segment) => segment.safeBefore);
  return [...noted, ...written].reduce((most, one) => Math.max(most, one), snapshot?.next.sequence ?? 1);
}

/**
 * Reads what may not have been written to the end, and takes out of the catalogue what was not: no more than a group or
 * two. What is damaged before that is a matter of delivery.
 */
export async function takeOutUnfinished(
  catalog: Catalog,
  safe: number,
  { files, folder, encryption }: { readonly files: Files; readonly folder: string; readonly encryption?: Encryption },
): Promise<Unfinished[]> {
  const found: Unfinished[] = [];
  for (const segment of catalog.segments) {
    const end = segment.firstSequence + segment.length;
    if (end <= safe) continue;
    const records = reader(files, folder, encryption);
    try {
      for (let sequence = Math.max(safe, segment.firstSequence); sequence < end; sequence++) {
        const entry = segment.get(sequence);
        if (entry === undefined || (await isWhole(records.read(segment, sequence)))) continue;
        found.push({ segment, offset: entry.offset, bytes: entry.bytes });
        segment.remove(sequence);
      }
    } finally {
      await records.close();
    }
  }
  return found;
}

async function isWhole(reading: Promise<unknown>): Promise<boolean> {
  try {
    await reading;
    return true;
  } catch (error) {
    if (!ExportError.is(error)) throw error;
    // Without the key nobody can say.
    return error.code !== "invalid";
  }
}

/** What is missing between records of which nobody knows whether they were answered. */
export function missingAmong({ segments }: Catalog, safe: number): Amount {
  let batches = 0;
  let items = 0;
  let end: Position | undefined;
  for (const segment of segments) {
    for (let index = 0; index < segment.length; index++) {
      const sequence = segment.firstSequence + index;
      const entry = segment.get(sequence);
      if (entry === undefined) continue;
      // Where the gap begins before, its items can't be told from those of damaged ones.
      if (sequence >= safe) batches += sequence - Math.max(end?.sequence ?? safe, safe);
      if (sequence >= safe && end !== undefined && end.sequence >= safe) items += entry.itemsBefore - end.items;
      end = { sequence: sequence + 1, items: entry.itemsBefore + entry.items };
    }
  }
  return { batches, items };
}

/** The first position that was never used. */
export function nextOf({ snapshot, entries }: LoadedProgress, { segments }: Catalog): Position {
  let next = snapshot?.next ?? { sequence: 1, items: 0 };
  for (const { header, end } of segments) {
    if (end.sequence > next.sequence) next = end;
    if (header.firstSequence > next.sequence) next = { sequence: header.firstSequence, items: header.itemsBefore };
  }
  // Records that are gone, though they had been safe, or somebody had begun with them.
  let beyond = next.sequence;
  const items = new Map<number, number>();
  for (const { kind, sequence, items: some } of entries) {
    beyond = Math.max(beyond, kind === "safe" ? sequence : sequence + 1);
    if (kind !== "safe" && sequence >= next.sequence) items.set(sequence, some);
  }
  return { sequence: beyond, items: [...items.values()].reduce((sum, one) => sum + one, next.items) };
}
