import { type Compressor, ExportError } from "@otlpkit/core";
import { bodyTooLarge } from "./read-body.ts";
import type { Share } from "./share.ts";

/** Telemetry shrinks to a fifth or a tenth; what shrinks more is rare, and pays by being decompressed a second time. */
const usualRatio = 16;
const leastRoomBytes = 64 * 1024;

/**
 * Undoes a content coding within `maxBytes` (D-02), and within what `share` can get: room is reserved before anything is
 * decompressed into it, a likely amount first, and the whole limit only for a body that proves to need more.
 *
 * @throws ExportError "too-large", "overloaded", or "invalid" when the body is damaged.
 */
export async function unpack(
  body: Uint8Array,
  compressor: Compressor,
  maxBytes: number,
  share: Share,
): Promise<Uint8Array> {
  const most = Math.min(maxBytes, share.largestBytes - body.byteLength);
  const likely = Math.min(most, Math.max(usualRatio * body.byteLength, leastRoomBytes));
  const plain = (await within(likely)) ?? (likely < most ? await within(most) : undefined);
  if (plain === undefined) throw bodyTooLarge(most);
  share.resize(plain.byteLength);
  return plain;

  async function within(bytes: number): Promise<Uint8Array | undefined> {
    share.resize(body.byteLength + bytes);
    try {
      return await compressor.decompress(body, bytes);
    } catch (error) {
      if (ExportError.is(error) && error.code === "too-large") return undefined;
      throw error;
    }
  }
}
