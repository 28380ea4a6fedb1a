import { type Encryption, ExportError } from "@otlpkit/core";
import type { Segment } from "./catalog.ts";
import type { Files } from "./files.ts";
import { bufferOf } from "./layout.ts";
import { contextOf, replaceSegmentHeader } from "./segment-header.ts";

/** Wraps the key of each segment with the one that is current now. The records stay as they are. */
export async function rewrap(
  files: Files,
  folder: string,
  segments: readonly Segment[],
  encryption: Encryption | undefined,
): Promise<{ rewrapped: number; failed: string[] }> {
  if (encryption === undefined) throw new ExportError("invalid", "cannot wrap keys anew: no encryption is configured");
  let rewrapped = 0;
  const failed: string[] = [];
  for (const segment of segments) {
    const { key, queueId, generation } = segment.header;
    if (key === undefined) continue;
    const context = contextOf(queueId, segment.number);
    try {
      const header = await encryption.rewrap(key.header, context);
      if (bufferOf(header).equals(key.header)) continue;
      const { keyId } = await encryption.open(header, context);
      const changed = { ...segment.header, generation: generation + 1, key: { id: keyId, header } };
      const file = await files.open(`${folder}/${segment.name}`, "change");
      try {
        await replaceSegmentHeader(file, changed);
      } finally {
        await file.close();
      }
      segment.header = changed;
      rewrapped++;
    } catch (error) {
      if (!ExportError.is(error)) throw error;
      failed.push(`${segment.name}: ${error.message}`);
    }
  }
  return { rewrapped, failed };
}
