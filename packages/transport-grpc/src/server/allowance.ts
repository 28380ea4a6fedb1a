import { type ByteBudget, type Compressor, ExportError } from "@otlpkit/core";

/** What one request holds of the receiver's budget. */
export interface Allowance {
  /** The most that it may ever hold. */
  readonly largestBytes: number;
  /** @throws ExportError "overloaded" when so much more does not fit. */
  hold(bytes: number): void;
  /** Gives everything back. Safe to call twice. */
  release(): void;
}

/** An allowance of nothing yet, on behalf of a tenant if there are several. */
export function allowance(budget: ByteBudget, tenant: string | undefined, retryAfterMs: number): Allowance {
  let held = 0;
  let released = false;
  return {
    largestBytes: budget.largestBytes,
    hold(bytes) {
      if (released) return;
      if (!budget.reserve(bytes, tenant)) throw noRoom(bytes);
      held += bytes;
    },
    release() {
      released = true;
      budget.release(held, tenant);
      held = 0;
    },
  };

  function noRoom(bytes: number): ExportError {
    const whose = tenant === undefined ? "" : " of this tenant";
    const message = `too many bytes${whose} are under way at the moment; send again later`;
    const untilRoomMs = budget.retryAfterMs(bytes, tenant);
    return new ExportError("overloaded", message, { retryAfterMs: untilRoomMs > 0 ? untilRoomMs : retryAfterMs });
  }
}

// Telemetry shrinks to a tenth or a twentieth; what shrinks further is inflated in a second go.
const usualRatio = 32;

/**
 * Decompresses within the allowance, so that what a small message grows to is bounded by the same budget as everything
 * else. In the end exactly the decompressed size is held on top of what was.
 *
 * @throws ExportError "too-large" above `maxBytes`, or above what may ever be held; "overloaded" when there is no room at
 * the moment, "invalid" when the message is damaged.
 */
export async function inflate(
  body: Uint8Array,
  compressor: Compressor,
  maxBytes: number,
  held: Allowance,
): Promise<Uint8Array> {
  const most = Math.min(maxBytes, held.largestBytes - body.byteLength);
  for (let room = Math.min(most, 4096 + usualRatio * body.byteLength); ; room = most) {
    held.hold(room);
    try {
      const inflated = await compressor.decompress(body, room);
      held.hold(inflated.byteLength - room);
      return inflated;
    } catch (error) {
      held.hold(-room);
      if (room < most && ExportError.is(error) && error.code === "too-large") continue;
      throw error;
    }
  }
}
