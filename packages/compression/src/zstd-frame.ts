import { damaged } from "./codec.ts";

// Names and numbers follow RFC 8878, section 3.1.
const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const maxBlockBytes = 128 * 1024;

interface FrameHeader {
  /** Where the blocks begin. */
  readonly end: number;
  readonly contentSize: number | undefined;
  readonly checksum: boolean;
}

/** What the first frame says about its size, if it says anything. */
export function contentSize(body: Uint8Array): number | undefined {
  const view = viewOf(body);
  if (view.byteLength < 4 || view.getUint32(0, true) !== frameMagic) return undefined;
  return frameHeader(view, 0)?.contentSize;
}

/** How much may come out of a body, found without decompressing it. */
export interface SizeBounds {
  /** At least so much, if the body is honest. */
  readonly declaredBytes: number;
  /** Never more, honest or not. */
  readonly maxBytes: number;
}

/**
 * Walks all frames of `body` and adds up what they declare, and what their blocks could become at most. For decoders
 * that cannot be told to stop. Throws "invalid" when the frames do not fill the body exactly.
 */
export function sizeBounds(body: Uint8Array): SizeBounds {
  const view = viewOf(body);
  if (body.byteLength === 0) throw damaged("zstd", "the body is empty");
  let declaredBytes = 0;
  let maxBytes = 0;
  let at = 0;
  while (at < body.byteLength) {
    const magic = at + 8 <= body.byteLength ? view.getUint32(at, true) : 0;
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
      at += 8 + view.getUint32(at + 4, true);
      continue;
    }
    if (magic !== frameMagic) throw damaged("zstd", `no frame begins at offset ${at}`);
    const header = frameHeader(view, at);
    const blocks = header && walkBlocks(view, header.end);
    if (!header || !blocks) throw damaged("zstd", "the body is cut short");
    declaredBytes += header.contentSize ?? 0;
    maxBytes += blocks.maxBytes;
    at = blocks.end + (header.checksum ? 4 : 0);
  }
  if (at > body.byteLength) throw damaged("zstd", "the body is cut short");
  return { declaredBytes, maxBytes };
}

function frameHeader(view: DataView, at: number): FrameHeader | undefined {
  if (at + 5 > view.byteLength) return undefined;
  const descriptor = view.getUint8(at + 4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const sizeAt = at + 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  const end = sizeAt + sizeBytes;
  if (end > view.byteLength) return undefined;
  return { end, contentSize: readSize(view, sizeAt, sizeBytes), checksum: (descriptor & 4) !== 0 };
}

function readSize(view: DataView, at: number, bytes: number): number | undefined {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  if (bytes === 4) return view.getUint32(at, true);
  return bytes === 8 ? Number(view.getBigUint64(at, true)) : undefined;
}

function walkBlocks(view: DataView, start: number): { readonly end: number; readonly maxBytes: number } | undefined {
  let at = start;
  let maxBytes = 0;
  for (let last = false; !last;) {
    if (at + 3 > view.byteLength) return undefined;
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >>> 3;
    // 0: stored as it is, 1: one byte repeated, 2: compressed, 3: reserved
    maxBytes += type < 2 ? size : maxBlockBytes;
    at += 3 + (type === 1 ? 1 : size);
  }
  return { end: at, maxBytes };
}

function viewOf(body: Uint8Array): DataView {
  return new DataView(body.buffer, body.byteOffset, body.byteLength);
}
