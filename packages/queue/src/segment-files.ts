import type { FileSealer } from "@otlpkit/core";
import { bestEffort } from "./best-effort.ts";
import type { OpenFile } from "./files.ts";
import { nameOfSegment } from "./layout.ts";
import type { Settings } from "./options.ts";
import { contextOf } from "./segment-header.ts";
import type { SpareFiles } from "./spare-files.ts";

/** A file for a segment, with nothing in it that counts. */
export interface NewFile {
  readonly number: number;
  readonly file: OpenFile;
  readonly sealer: FileSealer | undefined;
  /** Whether something is in it that is of no importance any more. */
  readonly writtenOver: boolean;
}

export interface SegmentFilesOptions extends Pick<Settings, "files" | "folder" | "encryption"> {
  readonly queueId: Uint8Array;
  readonly nextSegment: number;
  readonly spares: SpareFiles;
  /** Told of a file that should be gone, and is perhaps not: what is in it must not count at the next start. */
  readonly onLeft: (number: number) => void;
}

/** Makes files for segments; one ahead, so that nobody waits for it. */
export interface SegmentFiles {
  /** The number that the next file gets. */
  readonly nextNumber: number;
  /** Makes one that will be taken soon. */
  prepare(): void;
  take(): Promise<NewFile>;
  /** Removes one in which nothing is. */
  readonly discard: (unused: NewFile) => Promise<void>;
  /** Removes what was made and not taken. */
  close(): Promise<void>;
}

export function segmentFiles({
  files,
  folder,
  queueId,
  encryption,
  nextSegment,
  spares,
  onLeft,
}: SegmentFilesOptions): SegmentFiles {
  let nextNumber = nextSegment;
  let ahead: Promise<NewFile> | undefined;

  async function make(): Promise<NewFile> {
    const number = nextNumber++;
    const sealer = await encryption?.create(contextOf(queueId, number));
    const spare = await spares.take(number);
    const file = spare ?? (await files.open(`${folder}/${nameOfSegment(number)}`, "create"));
    const made = { number, file, sealer, writtenOver: spare !== undefined };
    try {
      await files.syncFolder(folder);
      return made;
    } catch (error) {
      await discard(made);
      throw error;
    }
  }

  async function discard({ number, file }: NewFile): Promise<void> {
    await bestEffort(file.close());
    await files.remove(`${folder}/${nameOfSegment(number)}`).catch(() => onLeft(number));
  }

  return {
    get nextNumber() {
      return nextNumber;
    },
    prepare() {
      if (ahead !== undefined) return;
      const made = make();
      ahead = made;
      // Whether the disk fails is for the one to hear who needs a file.
      made.catch(() => {
        if (ahead === made) ahead = undefined;
      });
    },
    async take() {
      const prepared = await ahead?.catch(() => undefined);
      ahead = undefined;
      return prepared ?? make();
    },
    discard,
    async close() {
      const unused = await ahead?.catch(() => undefined);
      ahead = undefined;
      if (unused !== undefined) await discard(unused);
    },
  };
}
