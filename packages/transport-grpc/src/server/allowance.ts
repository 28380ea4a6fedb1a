import { type ByteBudget, type Compressor, ExportError } from "@otlpkit/core";

/** What one request holds of the receiver's budget. */
export interface Allowance {
  /** @throws ExportError "overloaded" when so much more does not fit. */
  hold(bytes: number): void;
  /** Gives everything back. Safe to call twice. */
  release(): void;
}

/** An allowance of nothing yet. */
export function allowance(budget: ByteBudget, retryAfterMs: number): Allowance {
  let held = 0;
  let released = false;
  return {
    hold(bytes) {
      if (released) return;
      if (bytes > 0 && !budget.reserve(bytes)) {
        throw new ExportError("overloaded", "too many bytes are under way at the moment; send again later", {
          retryAfterMs,
        });
      }
      if (bytes < 0) budget.release(-bytes);
      held += bytes;
    },
    release() {
      released = true;
      budget.release(held);
      held = 0;
    },
  };
}

// Telemetry shrinks to a tenth or a twentieth; what shrinks further is inflated in a second go.
const usualRatio = 32;

/**
 * Decompresses within the allowance, so that what a small message grows to is bounded by the same budget as everything
 * else. In the end exactly the decompressed size is held on top of what was.
 *
 * @throws ExportError "too-large" above `maxBytes`, "overloaded" when there is no room at the moment, "invalid" when the
 * message is damaged.
 */
export async function inflate(
  body: Uint8Array,
  compressor: Compressor,
  maxBytes: number,
  held: Allowance,
): Promise<Uint8Array> {
  for (let room = Math.min(maxBytes, 4096 + usualRatio * body.byteLength); ; room = maxBytes) {
    held.hold(room);
    try {
      const inflated = await compressor.decompress(body, room);
      held.hold(inflated.byteLength - room);
      return inflated;
    } catch (error) {
      held.hold(-room);
      if (room < maxBytes && ExportError.is(error) && error.code === "too-large") continue;
      throw error;
    }
  }
}
