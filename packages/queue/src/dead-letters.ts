import type { DurableQueue } from "./durable-queue.ts";
import type { QueueFacts } from "./queue.ts";
import { deadFolderOf } from "./layout.ts";
import type { Settings } from "./options.ts";

/** The queue of what was refused for good; opened when there is something in it, or to be put into it. */
export interface DeadLetters {
  /** Undefined where none are kept. */
  readonly keep: DurableQueue["keep"] | undefined;
  /** The queue, if it is open. */
  opened(): Promise<DurableQueue> | undefined;
  facts(): QueueFacts["deadLetters"];
  close(): Promise<void>;
}

export async function deadLetters(
  { files, folder, deadLetterBytes }: Pick<Settings, "files" | "folder" | "deadLetterBytes">,
  open: () => Promise<DurableQueue>,
): Promise<DeadLetters> {
  let opening: Promise<DurableQueue> | undefined;
  let queue: DurableQueue | undefined;
  const keeping = new Set<Promise<void>>();

  async function openOnce(): Promise<DurableQueue> {
    opening ??= open();
    try {
      queue = await opening;
      return queue;
    } catch (error) {
      // A folder that can't be opened now may be later.
      opening = undefined;
      throw error;
    }
  }

  /** What was refused is known to be so only once it is kept; `close` waits for that, whatever it leaves otherwise. */
  async function keep(...letter: Parameters<DurableQueue["keep"]>): Promise<void> {
    const kept = openOnce().then((open) => open.keep(...letter));
    keeping.add(kept);
    try {
      await kept;
    } finally {
      keeping.delete(kept);
    }
  }

  async function areThere(): Promise<boolean> {
    try {
      return (await files.list(deadFolderOf(folder))).length > 0;
    } catch {
      // There is no such folder, or we shall see when there is one to keep.
      return false;
    }
  }

  if (deadLetterBytes > 0 && (await areThere())) await openOnce().catch(() => undefined);
  return {
    keep: deadLetterBytes === 0 ? undefined : keep,
    opened: () => opening,
    facts() {
      const facts = queue?.facts();
      const { batches, items } = facts?.queued ?? { batches: 0, items: 0 };
      return { batches, items, bytes: facts?.bytes ?? 0 };
    },
    async close() {
      await Promise.allSettled(keeping);
      const open = await opening?.catch(() => undefined);
      await open?.close();
    },
  };
}
