import type { OpenFile } from "./files.ts";
import { bufferOf, type Mark } from "./layout.ts";
import { decodeHead, endBytes, headBytesAt, isEnd, minHeadBytes, type RecordHead } from "./record.ts";
import { segmentHeaderBytes } from "./segment-header.ts";

/** What is found in a segment, one after the other. */
export type Found =
  | { readonly kind: "record"; readonly offset: number; readonly head: RecordHead }
  | { readonly kind: "damage"; readonly offset: number; readonly bytes: number }
  /** Nothing more was written. What follows in the file, if anything does, is left from before. */
  | { readonly kind: "end"; readonly offset: number };

const farBytes = 256 * 1024;
const nearBytes = 4096;

/**
 * Walks from head to head without reading the bodies. Where no head stands it looks for the next one, so whatever is
 * damaged costs only the records that it is in.
 */
export async function* walk(file: OpenFile, mark: Mark, size: number): AsyncGenerator<Found> {
  let window: { readonly offset: number; readonly bytes: Buffer } = { offset: 0, bytes: Buffer.alloc(0) };
  // Small records are read many at a time, large ones are skipped.
  let aheadBytes = farBytes;

  /** The bytes from `offset` on, `bytes` of them if there are so many, or more. */
  async function look(offset: number, bytes: number): Promise<Buffer> {
    const end = window.offset + window.bytes.length;
    if (offset < window.offset || (offset + bytes > end && end < size) || offset > end) {
      window = { offset, bytes: bufferOf(await file.read(offset, Math.max(bytes, aheadBytes))) };
    }
    return window.bytes.subarray(offset - window.offset);
  }

  async function headAt(offset: number): Promise<RecordHead | undefined> {
    const headBytes = headBytesAt(mark, await look(offset, minHeadBytes));
    if (headBytes === undefined) return undefined;
    const head = decodeHead(mark, await look(offset, headBytes));
    return head !== undefined && offset + headBytes + head.payloadBytes <= size ? head : undefined;
  }

  const word = Buffer.alloc(4);
  word.writeUInt32LE(mark.word);
  /** Where the word of a head stands next. */
  async function seek(from: number): Promise<number> {
    aheadBytes = farBytes;
    for (let offset = from; offset + endBytes <= size;) {
      const bytes = await look(offset, endBytes);
      if (bytes.length < endBytes) break;
      const index = bytes.indexOf(word);
      if (index >= 0) return offset + index;
      offset += bytes.length - (word.length - 1);
    }
    return size;
  }

  let damagedFrom: number | undefined;
  /** Where nothing more was written, if no record follows after all: a write that the disk failed to do leaves it. */
  let ended: number | undefined;
  let offset = segmentHeaderBytes;
  while (offset < size) {
    const head = await headAt(offset);
    if (head === undefined) {
      if (ended === undefined && isEnd(mark, await look(offset, endBytes))) ended = offset;
      damagedFrom ??= offset;
      offset = await seek(offset + 1);
      continue;
    }
    if (damagedFrom !== undefined) yield { kind: "damage", offset: damagedFrom, bytes: offset - damagedFrom };
    damagedFrom = ended = undefined;
    yield { kind: "record", offset, head };
    const bytes = head.headBytes + head.payloadBytes;
    aheadBytes = bytes > farBytes / 4 ? nearBytes : farBytes;
    offset += bytes;
  }
  const damagedTo = ended ?? size;
  if (damagedFrom !== undefined && damagedFrom < damagedTo)
    yield { kind: "damage", offset: damagedFrom, bytes: damagedTo - damagedFrom };
  if (ended !== undefined) yield { kind: "end", offset: ended };
}
