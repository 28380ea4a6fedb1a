import type { Loaded } from "./reader.ts";

/** Batches that were just written, so that they need not be read. */
export interface Cache {
  put(sequence: number, loaded: Loaded): void;
  get(sequence: number): Loaded | undefined;
  remove(sequence: number): void;
}

/** What has waited longer is not about to be delivered. */
const soonMs = 10_000;

/**
 * When there is no room a new one stays out, for it is on disk: those that are there come before it. If they went in its
 * favour, each would be gone just before its turn as soon as more waits than there is room for. Only what waits for something
 * longer makes room.
 */
export function cache(maxBytes: number, now: () => number): Cache {
  const kept = new Map<number, { readonly loaded: Loaded; readonly sinceMs: number }>();
  let bytes = 0;
  const remove = (sequence: number): void => {
    const found = kept.get(sequence);
    if (found === undefined) return;
    kept.delete(sequence);
    bytes -= found.loaded.batch.body.byteLength;
  };
  return {
    put(sequence, loaded) {
      const { byteLength } = loaded.batch.body;
      if (byteLength > maxBytes) return;
      const sinceMs = now();
      for (const [oldest, before] of kept) {
        if (bytes + byteLength <= maxBytes) break;
        if (sinceMs - before.sinceMs < soonMs) return;
        remove(oldest);
      }
      kept.set(sequence, { loaded, sinceMs });
      bytes += byteLength;
    },
    get: (sequence) => kept.get(sequence)?.loaded,
    remove,
  };
}
