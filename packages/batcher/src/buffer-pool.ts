/** Memory that is used again and again, within bounds. */
export interface BufferPool {
  /** Memory for `bytes`, which still holds whatever was in it before. */
  take(bytes: number): Uint8Array;
  /**
   * Gives back what `take` gave; the giver must not look at it again. Memory that is not from here, and what goes beyond
   * the bounds, is let go. Twice is once.
   */
  give(memory: Uint8Array): void;
  /** Lets go of what `take` gave without keeping it: somebody may still be looking at it. */
  forget(memory: Uint8Array): void;
  /** How it is used, for those who choose the bounds. */
  figures(): BufferPoolFigures;
}

/** Bytes and counts since the pool was made. */
export interface BufferPoolFigures {
  /** Bytes that lie ready now. */
  readonly heldBytes: number;
  /** Bytes that are given out now. */
  readonly usedBytes: number;
  /** The most bytes that were ever given out at one time. */
  readonly highWaterBytes: number;
  /** How often there was memory at hand, and how often there was none. */
  readonly hits: number;
  readonly misses: number;
}

/** Options of {@link bufferPool}. */
export interface BufferPoolOptions {
  /** Bytes that lie ready at most; those given out do not count. Default 16 MiB: four requests of the usual limit. */
  readonly maxHeldBytes?: number;
  /**
   * Larger memory is not kept. Default 8 MiB. Smaller than 4 KiB is not either: there is nothing to save.
   */
  readonly maxBufferBytes?: number;
}

const smallestBytes = 4 * 1024;

/**
 * Makes a pool. Memory comes in powers of two, so that what is given back fits what is wanted next; at most half of a
 * buffer lies idle. New memory costs more than filling it: with a pool, requests of 64 KiB to 1 MiB are merged in a fifth of
 * the time, of 4 MiB and of 16 KiB in half.
 *
 * @throws RangeError for a bound that is no number from 0.
 */
export function bufferPool(options: BufferPoolOptions = {}): BufferPool {
  const { maxHeldBytes = 16 * 1024 * 1024, maxBufferBytes = 8 * 1024 * 1024 } = options;
  for (const [name, value] of Object.entries({ maxHeldBytes, maxBufferBytes })) {
    if (!(value >= 0)) throw new RangeError(`bufferPool: ${name} must be 0 or more, not ${value}`);
  }
  const ready = new Map<number, ArrayBufferLike[]>();
  // What never comes back is no burden.
  const given = new WeakSet<ArrayBufferLike>();
  let heldBytes = 0;
  let usedBytes = 0;
  let highWaterBytes = 0;
  let hits = 0;
  let misses = 0;

  return {
    take(bytes) {
      const size = sizeFor(bytes);
      const kept = ready.get(size)?.pop();
      if (kept === undefined) misses++;
      else {
        hits++;
        heldBytes -= size;
      }
      const memory = kept ?? new ArrayBuffer(size);
      given.add(memory);
      usedBytes += size;
      highWaterBytes = Math.max(highWaterBytes, usedBytes);
      return new Uint8Array(memory, 0, bytes);
    },
    give({ buffer }) {
      if (!comesBack(buffer)) return;
      const size = buffer.byteLength;
      if (size < smallestBytes || size > maxBufferBytes || heldBytes + size > maxHeldBytes) return;
      heldBytes += size;
      const shelf = ready.get(size) ?? [];
      ready.set(size, shelf);
      shelf.push(buffer);
    },
    forget: ({ buffer }) => void comesBack(buffer),
    figures: () => ({ heldBytes, usedBytes, highWaterBytes, hits, misses }),
  };

  function comesBack(memory: ArrayBufferLike): boolean {
    if (!given.delete(memory)) return false;
    usedBytes -= memory.byteLength;
    return true;
  }

  function sizeFor(bytes: number): number {
    if (bytes < smallestBytes || bytes > maxBufferBytes) return bytes;
    return 2 ** Math.ceil(Math.log2(bytes));
  }
}
