import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";

/** When to look again. */
export interface WatchFolderOptions {
  /** Rest after the last event before `wake` is called. */
  readonly debounceMs: number;
  /** Looks again after so long even without an event: network file systems send none. */
  readonly pollMs: number;
}

/**
 * Calls `wake` when something in a folder may have changed. The folder is watched and not a file in it, because files are
 * replaced and not written to: Kubernetes swaps the link `..data`, others rename. A folder that is itself replaced, or not
 * there yet, is found again when it is looked for the next time. Returns what ends it.
 */
export function watchFolder(path: string, wake: () => void, options: WatchFolderOptions): () => void {
  const { debounceMs, pollMs } = options;
  let watcher: FSWatcher | undefined;
  let inode: bigint | undefined;
  let pending: NodeJS.Timeout | undefined;
  let ended = false;

  const soon = (): void => {
    // Not put off by further events: a folder that is never quiet is read all the same.
    pending ??= setTimeout(() => {
      pending = undefined;
      wake();
    }, debounceMs).unref();
  };

  function listen(): void {
    watcher?.close();
    watcher = undefined;
    try {
      watcher = watch(path, { persistent: false }, soon);
      watcher.on("error", () => {
        // The next look sets it up again.
        inode = undefined;
      });
    } catch {
      // Not there, or no watches left on this machine: then it is looked at every now and then.
    }
  }

  async function look(): Promise<void> {
    const now = await stat(path, { bigint: true })
      .then(({ ino }) => ino)
      .catch(() => undefined);
    if (ended || (now === inode && now !== undefined)) return;
    inode = now;
    if (now !== undefined) listen();
  }

  listen();
  void look();
  const poll = setInterval(() => {
    void look();
    wake();
  }, pollMs).unref();
  return () => {
    ended = true;
    clearInterval(poll);
    clearTimeout(pending);
    watcher?.close();
  };
}
