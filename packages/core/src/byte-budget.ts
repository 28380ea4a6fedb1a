/** A hard bound on bytes held at one time, shared by all who may hold some. */
export interface ByteBudget {
  /** The bound. */
  readonly maxBytes: number;
  /** Bytes held at the moment. */
  readonly usedBytes: number;
  /** Takes `bytes` if they fit and says whether it did. */
  reserve(bytes: number): boolean;
  /** Gives back what was reserved. */
  release(bytes: number): void;
}

/**
 * Makes a budget. Receivers reserve before they read a body and give back once it is answered, so memory stays bounded
 * whatever arrives; what does not fit is refused with "overloaded".
 */
export function byteBudget(maxBytes: number): ByteBudget {
  let used = 0;
  return {
    maxBytes,
    get usedBytes() {
      return used;
    },
    reserve(bytes) {
      if (used + bytes > maxBytes) return false;
      used += bytes;
      return true;
    },
    release(bytes) {
      used = Math.max(0, used - bytes);
    },
  };
}
