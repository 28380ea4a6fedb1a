import type { Loaded } from "./reader.ts";

/** Batches that were just written, so that they need not be read. */
export interface Cache {
  put(sequence: number, loaded: Loaded): void;
  get(sequence: number): Loaded | undefined;
  remove(sequence: number): void;
}

/** When there is no room the oldest go, for they are on disk. */
export function cache(maxBytes: number): Cache {
  const kept = new Map<number, Loaded>();
  let bytes = 0;
  const remove = (sequence: number): void => {
    const loaded = kept.get(sequence);
    if (loaded === undefined) return;
    kept.delete(sequence);
    bytes -= loaded.batch.body.byteLength;
  };
  return {
    put(sequence, loaded) {
      const { byteLength } = loaded.batch.body;
      if (byteLength > maxBytes) return;
      for (const oldest of kept.keys()) {
        if (bytes + byteLength <= maxBytes) break;
        remove(oldest);
      }
      kept.set(sequence, loaded);
      bytes += byteLength;
    },
    get: (sequence) => kept.get(sequence),
    remove,
  };
}
