import { crc32 } from "node:zlib";

/**
 * What all files of a queue have in common; the whole is in FORMAT.md. Numbers are little-endian; those of 8 bytes stay
 * below 2^53.
 */

/**
 * What tells the records of one segment from all other bytes: from bodies, since nobody who sends us one can know it, and
 * from what was in the file before, when it is written over.
 */
export interface Mark {
  /** The first 4 bytes of each record. */
  readonly word: number;
  /** Where the checksums of record heads begin. */
  readonly seed: number;
}

export const queueIdBytes = 16;

export function markOf(queueId: Uint8Array, segment: number): Mark {
  const id = bufferOf(queueId);
  const number = Buffer.alloc(8);
  writeUint53(number, segment, 0);
  // Never zero: files may have holes.
  return { word: (crc32(number, id.readUInt32LE(0)) | 1) >>> 0, seed: crc32(number, id.readUInt32LE(4)) };
}

/** The same bytes, as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function writeUint53(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value >>> 0, at);
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

export function readUint53(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

const segmentName = /^segment-(\d{10,})\.otlpq$/;
const spareName = /^spare-\d{10,}\.otlpq$/;
const progressName = /^progress-(\d{10,})\.otlpq$/;

export const nameOfSegment = (number: number): string => `segment-${String(number).padStart(10, "0")}.otlpq`;
export const nameOfSpare = (number: number): string => `spare-${String(number).padStart(10, "0")}.otlpq`;
export const nameOfProgress = (number: number): string => `progress-${String(number).padStart(10, "0")}.otlpq`;

/** The numbers of the segments among these names, ascending. */
export const segmentNumbers = (names: readonly string[]): number[] => numbersOf(names, segmentName);
export const isSpare = (name: string): boolean => spareName.test(name);
/** The numbers of the records of progress among these names, ascending. */
export const progressNumbers = (names: readonly string[]): number[] => numbersOf(names, progressName);

function numbersOf(names: readonly string[], pattern: RegExp): number[] {
  return names
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** Where dead letters are: a queue of its own. */
export const deadFolderOf = (folder: string): string => `${folder}/dead`;
/** Where pieces of damaged files are kept. */
export const damagedFolderOf = (folder: string): string => `${folder}/damaged`;
