import { bestEffort } from "./best-effort.ts";
import type { Catalog, Segment } from "./catalog.ts";
import type { OpenFile } from "./files.ts";
import { nameOfSegment, nameOfSpare } from "./layout.ts";
import type { Settings } from "./options.ts";
import { blankSegmentHeader } from "./segment-header.ts";

/**
 * Keeps the file of a segment that has gone, so that the next one is written over it. The file system then has nothing to
 * find room for and nothing to note, and a sync takes two thirds of the time.
 */
export interface SpareFiles {
  /** Takes over the file of a segment. False if it is not wanted, or that failed; then it can be deleted. */
  keep(segment: Segment): Promise<boolean>;
  /** Gives the file the name of another segment; undefined if there is none, or that failed. */
  take(number: number): Promise<OpenFile | undefined>;
  /** Deletes what is there, and keeps nothing any more. */
  close(): Promise<void>;
}

export interface SpareFilesOptions extends Pick<Settings, "files" | "folder" | "maxBytes" | "segmentBytes"> {
  readonly catalog: Catalog;
}

/** Segments that must fit beside what is queued: one to write over, one that is being written over, and as much again. */
const roomFor = 4;

export function spareFiles({ files, folder, maxBytes, segmentBytes, catalog }: SpareFilesOptions): SpareFiles {
  let spare: { readonly path: string; readonly file: OpenFile } | undefined;
  let closed = false;

  const isWanted = ({ bytes, failed }: Segment): boolean =>
    !closed &&
    !failed &&
    spare === undefined &&
    // One is enough, if it is of the usual size.
    bytes > segmentBytes / 2 &&
    bytes <= segmentBytes &&
    // Bytes that wait to be written over are on disk as well, though nobody counts them.
    catalog.bytes + roomFor * segmentBytes <= maxBytes;

  async function drop(file: OpenFile | undefined, ...paths: readonly string[]): Promise<void> {
    if (file !== undefined) await bestEffort(file.close());
    for (const path of paths) await bestEffort(files.remove(path));
  }

  return {
    async keep(segment) {
      if (!isWanted(segment)) return false;
      const from = `${folder}/${nameOfSegment(segment.number)}`;
      const path = `${folder}/${nameOfSpare(segment.number)}`;
      let file: OpenFile | undefined;
      try {
        await files.rename(from, path);
        file = await files.open(path, "change");
        await blankSegmentHeader(file);
      } catch {
        // It may have its new name all the same. Whoever deletes the segment says what is wrong with the disk.
        await drop(file, path);
        return false;
      }
      if (closed) await drop(file, path);
      else spare = { path, file };
      return true;
    },
    async take(number) {
      const taken = spare;
      spare = undefined;
      if (taken === undefined) return undefined;
      const path = `${folder}/${nameOfSegment(number)}`;
      try {
        await files.rename(taken.path, path);
        return taken.file;
      } catch {
        // It may have been done all the same.
        await drop(taken.file, taken.path, path);
        return undefined;
      }
    },
    async close() {
      closed = true;
      if (spare !== undefined) await drop(spare.file, spare.path);
      spare = undefined;
    },
  };
}
