import type { FileSealer } from "@otlpkit/core";
import type { AppenderOptions } from "./appender.ts";
import { bestEffort } from "./best-effort.ts";
import type { OpenFile } from "./files.ts";
import { nameOfSegment } from "./layout.ts";
import { contextOf } from "./segment-header.ts";

/** A file for a segment, with nothing in it. */
export interface NewFile {
  readonly number: number;
  readonly file: OpenFile;
  readonly sealer: FileSealer | undefined;
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
}: Pick<AppenderOptions, "files" | "folder" | "queueId" | "encryption" | "nextSegment">): SegmentFiles {
  let nextNumber = nextSegment;
  let spare: Promise<NewFile> | undefined;

  async function make(): Promise<NewFile> {
    const number = nextNumber++;
    const sealer = await encryption?.create(contextOf(queueId, number));
    const file = await files.open(`${folder}/${nameOfSegment(number)}`, "create");
    try {
      await files.syncFolder(folder);
      return { number, file, sealer };
    } catch (error) {
      await discard({ number, file, sealer });
      throw error;
    }
  }

  async function discard({ number, file }: NewFile): Promise<void> {
    await bestEffort(file.close());
    await bestEffort(files.remove(`${folder}/${nameOfSegment(number)}`));
  }

  return {
    get nextNumber() {
      return nextNumber;
    },
    prepare() {
      if (spare !== undefined) return;
      const made = make();
      spare = made;
      // Whether the disk fails is for the one to hear who needs a file.
      made.catch(() => {
        if (spare === made) spare = undefined;
      });
    },
    async take() {
      const prepared = await spare?.catch(() => undefined);
      spare = undefined;
      return prepared ?? make();
    },
    discard,
    async close() {
      const unused = await spare?.catch(() => undefined);
      spare = undefined;
      if (unused !== undefined) await discard(unused);
    },
  };
}
