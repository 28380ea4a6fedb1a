import { type Batch, ExportError } from "@otlpkit/core";
import { splitByBytes, splitByItems } from "@otlpkit/otlp/batches";
import type { Settings } from "./options.ts";

/** A batch in pieces that each fit into one request, and what fits into none. */
export interface Cut {
  readonly pieces: readonly Batch[];
  /** Single items above the limit of bytes. */
  readonly tooLarge: readonly Batch[];
}

/** Cuts a batch where it must be cut; most come back as they are, not copied (H-06). */
export function cut(batch: Batch, { maxItems, maxBytes }: Pick<Settings, "maxItems" | "maxBytes">): Cut {
  const byItems = batch.items > maxItems ? splitByItems(batch, maxItems) : [batch];
  if (byItems.every((piece) => piece.body.byteLength <= maxBytes)) return { pieces: byItems, tooLarge: [] };
  const pieces: Batch[] = [];
  const tooLarge: Batch[] = [];
  for (const piece of byItems) {
    const parts = piece.body.byteLength > maxBytes ? splitByBytes(piece, maxBytes) : { batches: [piece], tooLarge: [] };
    pieces.push(...parts.batches);
    tooLarge.push(...parts.tooLarge);
  }
  return { pieces, tooLarge };
}

/** Why a single item is not sent (N1-06). */
export function tooLargeToSend(item: Batch, maxBytes: number): ExportError {
  const what = `an item of ${item.body.byteLength} bytes is larger than a request may be (${maxBytes})`;
  return new ExportError("too-large", `cannot send ${item.signal}: ${what}`);
}
