import { type ByteBudget, ExportError } from "@otlpkit/core";

/** What one request holds of the budget of all. */
export interface Share {
  /** The most that it may ever hold. */
  readonly largestBytes: number;
  /**
   * Holds so many bytes from now on, more or fewer than before; 0 gives all back.
   *
   * @throws ExportError "overloaded" when the budget has no room; what was held stays held.
   */
  resize(bytes: number): void;
}

/** A share of nothing yet, on behalf of a tenant if there are several. */
export function shareOf(budget: ByteBudget, tenant: string | undefined, retryAfterMs: number): Share {
  let held = 0;
  return {
    largestBytes: budget.largestBytes,
    resize(bytes) {
      if (bytes === 0) budget.release(held, tenant);
      else if (!budget.reserve(bytes - held, tenant)) throw noRoom(bytes);
      held = bytes;
    },
  };

  function noRoom(bytes: number): ExportError {
    const { usedBytes, maxBytes } = budget;
    const whose = tenant === undefined ? "" : " of this tenant";
    const message = `cannot take a request of ${bytes} bytes${whose}: ${usedBytes} of ${maxBytes} are in use; try again later`;
    const untilRoomMs = budget.retryAfterMs(bytes - held, tenant);
    return new ExportError("overloaded", message, { retryAfterMs: untilRoomMs > 0 ? untilRoomMs : retryAfterMs });
  }
}
