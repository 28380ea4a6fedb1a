import { type ByteBudget, ExportError } from "@otlpkit/core";

/** What one request holds of the budget of all. */
export interface Share {
  /**
   * Holds so many bytes from now on, more or fewer than before; 0 gives all back.
   *
   * @throws ExportError "overloaded" when the budget has no room; what was held stays held.
   */
  resize(bytes: number): void;
}

/** A share of nothing yet. */
export function shareOf(budget: ByteBudget, retryAfterMs: number): Share {
  let held = 0;
  return {
    resize(bytes) {
      if (bytes <= held) budget.release(held - bytes);
      else if (!budget.reserve(bytes - held)) {
        const message = `cannot take a request of ${bytes} bytes: ${budget.usedBytes} of ${budget.maxBytes} are in use; try again later`;
        throw new ExportError("overloaded", message, { retryAfterMs });
      }
      held = bytes;
    },
  };
}
