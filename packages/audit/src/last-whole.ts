import type { FileHandle } from "node:fs/promises";
import type { ChainedRecord } from "./chain.ts";

const blockBytes = 64 * 1024;

/** The last record of a file that was written whole, and where the bytes behind it begin. Reads from the end. */
export async function lastWhole(
  file: FileHandle,
  size: number,
): Promise<{ readonly record: ChainedRecord | undefined; readonly endsAt: number }> {
  let tail = Buffer.alloc(0);
  let from = size;
  while (from > 0) {
    const length = Math.min(blockBytes, from);
    from -= length;
    const block = Buffer.alloc(length);
    await file.read(block, 0, length, from);
    tail = Buffer.concat([block, tail]);
    for (let end = tail.lastIndexOf("\n"); end >= 0;) {
      const start = end === 0 ? -1 : tail.lastIndexOf("\n", end - 1);
      // The line may begin further up.
      if (start < 0 && from > 0) break;
      const record = parsed(tail.toString("utf8", start + 1, end));
      if (record !== undefined) return { record, endsAt: from + end + 1 };
      end = start;
    }
  }
  return { record: undefined, endsAt: 0 };
}

function parsed(line: string): ChainedRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    // Not whole, which is what was to be found out.
    return undefined;
  }
}

function isRecord(value: unknown): value is ChainedRecord {
  return typeof value === "object" && value !== null && "seq" in value && "hash" in value;
}
