import type { SetTimer } from "./options.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/** Syncs what was answered when the operating system had it, at most a second later. */
export interface LateSync {
  /** Something was written. */
  wrote(into: SegmentWriter): void;
  /** Syncs now what is not synced yet; before its segment ends. */
  now(): Promise<void>;
  stop(): void;
}

export interface LateSyncOptions {
  readonly setTimer: SetTimer;
  /** The sequence before which everything is written. */
  readonly writtenBefore: () => number;
  readonly onSynced: (before: number) => void;
  readonly onFailed: (into: SegmentWriter, error: unknown) => void;
}

const withinMs = 1000;

export function lateSync({ setTimer, writtenBefore, onSynced, onFailed }: LateSyncOptions): LateSync {
  /** Only the segment that is being written, as each is synced when it ends. */
  let unsynced: SegmentWriter | undefined;
  let cancel: (() => void) | undefined;

  async function now(): Promise<void> {
    const into = unsynced;
    if (into === undefined) return;
    unsynced = undefined;
    const before = writtenBefore();
    try {
      await into.sync();
    } catch (error) {
      onFailed(into, error);
      return;
    }
    onSynced(before);
  }

  return {
    wrote(into) {
      unsynced = into;
      cancel ??= setTimer(() => {
        cancel = undefined;
        void now();
      }, withinMs);
    },
    now,
    stop: () => cancel?.(),
  };
}
