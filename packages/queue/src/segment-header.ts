import { crc32 } from "node:zlib";
import { ExportError } from "@otlpkit/core";
import type { OpenFile } from "./files.ts";
import { bufferOf, queueIdBytes, readUint53, writeUint53 } from "./layout.ts";

/** What stands at the beginning of a segment, twice, so that a damaged sector does not make the rest illegible. */
export interface SegmentHeader {
  readonly number: number;
  /** Grows when the key is wrapped anew; the copy with the higher one counts. */
  readonly generation: number;
  /** Records of older segments from this one on were withdrawn: their sync had failed. */
  readonly firstSequence: number;
  /** Items in all records before. */
  readonly itemsBefore: number;
  readonly madeAtMs: number;
  readonly queueId: Uint8Array;
  /** Whether the file held another segment before, of which something may be left behind the last record. */
  readonly writtenOver: boolean;
  /** What opens it; undefined when it is not encrypted. */
  readonly key: { readonly id: string; readonly header: Uint8Array } | undefined;
}

const magic = Buffer.from("OTLPKITQ");
const version = 1;
const copyBytes = 4096;
const fixedBytes = 68;
/** Where the records begin. */
export const segmentHeaderBytes: number = 2 * copyBytes;
const encryptedFlag = 1;
const writtenOverFlag = 2;

/** One copy. */
export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(copyBytes);
  const keyId = Buffer.from(header.key?.id ?? "");
  const keyHeader = header.key?.header ?? Buffer.alloc(0);
  if (fixedBytes + keyId.length + keyHeader.length + 4 > copyBytes) {
    throw new ExportError("invalid", `cannot begin a segment: the header of its encryption is too long`);
  }
  bytes.set(magic, 0);
  bytes.writeUInt16LE(version, 8);
  bytes.writeUInt16LE((header.key === undefined ? 0 : encryptedFlag) | (header.writtenOver ? writtenOverFlag : 0), 10);
  bytes.writeUInt32LE(header.generation, 12);
  writeUint53(bytes, header.number, 16);
  writeUint53(bytes, header.firstSequence, 24);
  writeUint53(bytes, header.itemsBefore, 32);
  writeUint53(bytes, header.madeAtMs, 40);
  bytes.set(header.queueId, 48);
  bytes.writeUInt16LE(keyId.length, 64);
  bytes.writeUInt16LE(keyHeader.length, 66);
  bytes.set(keyId, fixedBytes);
  bytes.set(keyHeader, fixedBytes + keyId.length);
  const end = fixedBytes + keyId.length + keyHeader.length;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

function decode(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < copyBytes || !bytes.subarray(0, 8).equals(magic)) return undefined;
  const keyIdBytes = bytes.readUInt16LE(64);
  const keyHeaderAt = fixedBytes + keyIdBytes;
  const end = keyHeaderAt + bytes.readUInt16LE(66);
  // What comes after is of no importance.
  if (end + 4 > copyBytes || bytes.readUInt32LE(end) !== crc32(bytes.subarray(0, end))) return undefined;
  if (bytes.readUInt16LE(8) !== version) {
    throw new ExportError(
      "unsupported",
      `cannot read a segment: its version is ${bytes.readUInt16LE(8)}, not ${version}`,
    );
  }
  const flags = bytes.readUInt16LE(10);
  return {
    generation: bytes.readUInt32LE(12),
    number: readUint53(bytes, 16),
    firstSequence: readUint53(bytes, 24),
    itemsBefore: readUint53(bytes, 32),
    madeAtMs: readUint53(bytes, 40),
    queueId: Buffer.from(bytes.subarray(48, 48 + queueIdBytes)),
    writtenOver: (flags & writtenOverFlag) !== 0,
    key:
      (flags & encryptedFlag) !== 0
        ? {
            id: bytes.toString("utf8", fixedBytes, keyHeaderAt),
            header: Buffer.from(bytes.subarray(keyHeaderAt, end)),
          }
        : undefined,
  };
}

/**
 * The header of a segment; undefined when neither copy is legible.
 *
 * @throws ExportError "unsupported" when a later version wrote it
 */
export async function readSegmentHeader(file: OpenFile): Promise<SegmentHeader | undefined> {
  const bytes = bufferOf(await file.read(0, segmentHeaderBytes));
  const first = decode(bytes.subarray(0, copyBytes));
  const second = decode(bytes.subarray(copyBytes));
  if (first === undefined || second === undefined) return first ?? second;
  return second.generation > first.generation ? second : first;
}

/** Puts nothing in place of the header, so that nobody takes what is in the file for anything. */
export async function blankSegmentHeader(file: OpenFile): Promise<void> {
  await file.write([new Uint8Array(segmentHeaderBytes)], 0);
  await file.sync();
}

/** Whether nothing was ever put in place of that. */
export async function isBlank(file: OpenFile): Promise<boolean> {
  return (await file.read(0, segmentHeaderBytes)).every((byte) => byte === 0);
}

/**
 * Puts another header in place. At every moment one copy is whole and synced; at the end none of the old one is left, so a
 * key that is given up opens nothing any more.
 */
export async function replaceSegmentHeader(file: OpenFile, header: SegmentHeader): Promise<void> {
  const bytes = bufferOf(await file.read(0, copyBytes));
  const firstIsOld = decode(bytes)?.generation === header.generation - 1;
  const copy = encodeSegmentHeader(header);
  for (const offset of firstIsOld ? [copyBytes, 0] : [0, copyBytes]) {
    await file.write([copy], offset);
    await file.sync();
  }
}

/** What a segment is, for its encryption: files can't be swapped or moved between queues. */
export function contextOf(queueId: Uint8Array, number: number): string {
  return `otlpkit queue ${bufferOf(queueId).toString("hex")} segment ${number}`;
}
