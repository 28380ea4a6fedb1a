/**
 * A hard bound on bytes held at one time, shared by all who may hold some. `tenant` says on whose behalf: budgets that
 * know no tenants take no notice, others give each a fair share ({@link fairBudget}).
 */
export interface ByteBudget {
  /** The bound. */
  readonly maxBytes: number;
  /** The most that one who asks can ever get at a time; for more it is no use to come back. */
  readonly largestBytes: number;
  /** Bytes held at the moment. */
  readonly usedBytes: number;
  /**
   * Takes `bytes` if they fit and says whether it did. Fewer than none correct a reservation that was larger than needed,
   * and always fit.
   */
  reserve(bytes: number, tenant?: string): boolean;
  /** Gives back what was reserved for the same tenant, now that it is done with. */
  release(bytes: number, tenant?: string): void;
  /**
   * When somebody for whom `bytes` did not fit had better come back, in ms from now; 0 when the budget can't tell. Asked
   * once a refusal, since who is told is expected then.
   */
  retryAfterMs(bytes: number, tenant?: string): number;
}

/**
 * Makes a budget. Receivers reserve before they read a body and give back once it is answered, so memory stays bounded
 * whatever arrives; what does not fit is refused with "overloaded".
 */
export function byteBudget(maxBytes: number): ByteBudget {
  let used = 0;
  return {
    maxBytes,
    largestBytes: maxBytes,
    get usedBytes() {
      return used;
    },
    reserve(bytes) {
      if (bytes > 0 && used + bytes > maxBytes) return false;
      used = Math.max(0, used + bytes);
      return true;
    },
    release(bytes) {
      used = Math.max(0, used - bytes);
    },
    retryAfterMs: () => 0,
  };
}
