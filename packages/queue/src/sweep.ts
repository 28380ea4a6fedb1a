import type { Catalog, Segment } from "./catalog.ts";
import type { Consumer } from "./consumer.ts";
import type { Files } from "./files.ts";
import { nameOfSegment } from "./layout.ts";
import type { Progress } from "./progress.ts";
import type { Reader } from "./reader.ts";
import type { SpareFiles } from "./spare-files.ts";

/** Deletes segments that everybody is done with, or keeps their files for others. */
export interface Sweep {
  /** Segments that are done with, and whose files may come back when the power is cut now. */
  readonly done: readonly number[];
  /** Takes care of the file of a segment in which nothing counts. */
  add(number: number): void;
  /** Looks for what may go. Resolves when that is gone. */
  go(): Promise<void>;
}

export interface SweepOptions {
  readonly files: Files;
  readonly folder: string;
  readonly catalog: Catalog;
  readonly consumers: readonly Consumer[];
  readonly reader: Reader;
  readonly progress: Progress;
  readonly spares: SpareFiles;
  readonly done: readonly number[];
  readonly onFailure: (attempted: string, error: unknown) => void;
  /** Told when there is room again. */
  readonly onFreed: () => void;
}

export function sweep(options: SweepOptions): Sweep {
  const { files, folder, catalog, consumers, reader, spares } = options;
  let done = [...options.done];
  let running: Promise<void> | undefined;
  let again = false;

  const mayGo = (segment: Segment): boolean =>
    !segment.open &&
    segment.lockedOut === undefined &&
    consumers.length > 0 &&
    consumers.every((consumer) => consumer.isDoneWith(segment));

  /** Whether the file is gone. One that is not stays listed as done; it is tried again, or removed at the next start. */
  async function remove(number: number): Promise<boolean> {
    try {
      await files.remove(`${folder}/${nameOfSegment(number)}`);
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code === "ENOENT") return true;
      options.onFailure("delete a segment", error);
      return false;
    }
  }

  async function run(): Promise<void> {
    do {
      again = false;
      const going = catalog.segments.filter(mayGo);
      if (going.length === 0) continue;
      done = done.concat(going.map(({ number }) => number));
      // What became of them must be known before they are gone. When the disk is too full even for that, they go first.
      const noted = await options.progress.checkpoint();
      const gone = new Set<number>();
      for (const segment of going) {
        catalog.remove(segment);
        for (const consumer of consumers) consumer.forget(segment.number);
        await reader.release(segment);
        if (noted && (await spares.keep(segment))) gone.add(segment.number);
      }
      for (const number of done) if (!gone.has(number) && (await remove(number))) gone.add(number);
      if (!noted) await options.progress.checkpoint();
      try {
        await files.syncFolder(folder);
        done = done.filter((number) => !gone.has(number));
      } catch (error) {
        options.onFailure("delete a segment", error);
      }
      options.onFreed();
    } while (again);
  }

  return {
    get done() {
      return done;
    },
    add(number) {
      done = [...done, number];
    },
    go() {
      again = true;
      running ??= run().finally(() => (running = undefined));
      return running;
    },
  };
}
