import { ExportError } from "@otlpkit/core";
import { lockFolder } from "./folder-lock.ts";
import { deadFolderOf } from "./layout.ts";
import { type QueueOptions, settle, type Settings } from "./options.ts";
import { durableQueue, type DurableQueue } from "./durable-queue.ts";
import type { Queue } from "./queue.ts";
import { recover } from "./recover.ts";

/**
 * Opens the queue in a folder, or makes one. What is damaged is set aside and reported, so a start never needs a person.
 *
 * @throws ExportError "unavailable" when another process has it, or the folder can't be read
 * @throws RangeError when an option is out of range
 */
export async function openQueue(options: QueueOptions): Promise<Queue> {
  return open(settle(options));
}

/** The same, for the rest of this package. */
export async function open(settings: Settings): Promise<DurableQueue> {
  const { files, folder, now, locks, deadLetterBytes } = settings;
  const startMs = now();
  try {
    await files.makeFolder(folder);
    const lock = locks ? await lockFolder(folder) : undefined;
    try {
      const found = await recover(settings);
      const queue = await durableQueue(settings, found, now() - startMs, () =>
        open({
          ...settings,
          folder: deadFolderOf(folder),
          maxBytes: Math.max(deadLetterBytes, 64 * 1024),
          segmentBytes: Math.min(Math.max(Math.floor(deadLetterBytes / 8), 16 * 1024), settings.segmentBytes),
          whenFull: "drop-oldest",
          durability: "fsynced",
          deadLetterBytes: 0,
          cacheBytes: 0,
          maxAgeMs: Infinity,
          onEvent: (event) => {
            if (event.kind === "damage" || event.kind === "locked-out" || event.kind === "disk-failed")
              settings.onEvent(event);
            if (event.kind === "dropped" && event.reason === "full") {
              settings.onEvent({ kind: "dead-letters-dropped", batches: event.batches, items: event.items });
            }
          },
        }),
      );
      const { close } = queue;
      let closing: Promise<void> | undefined;
      const closeAndUnlock = async (): Promise<void> => {
        try {
          await close();
        } finally {
          await lock?.release();
        }
      };
      queue.close = () => (closing ??= closeAndUnlock());
      return queue;
    } catch (error) {
      await lock?.release();
      throw error;
    }
  } catch (error) {
    if (ExportError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExportError("unavailable", `cannot open the queue in ${folder}: ${reason}`, { cause: error });
  }
}
