import { crc32 } from "node:zlib";
import type { Position } from "./appender.ts";
import { type Outcome, outcomes } from "./books.ts";
import type { ConsumerSnapshot } from "./consumer.ts";
import type { Files } from "./files.ts";
import { bufferOf, nameOfProgress, progressNumbers, readUint53, writeUint53 } from "./layout.ts";

/** Everything that must be known at the next start, besides the records themselves. */
export interface Snapshot {
  /** Hex. */
  readonly queueId: string;
  /** Of the next record that is written. */
  readonly next: Position;
  readonly nextSegment: number;
  readonly nextConsumer: number;
  /** Segments that everybody is done with; their files may still be there. */
  readonly done: readonly number[];
  readonly consumers: readonly ConsumerSnapshot[];
}

/** What has happened since. */
export interface ProgressEntry {
  /** A record was begun; it was settled; everything before it is on stable storage. */
  readonly kind: "begun" | "settled" | "safe";
  readonly consumer: number;
  readonly sequence: number;
  /** Of what was settled. */
  readonly outcome: Outcome | undefined;
  readonly items: number;
  readonly rejectedItems: number;
}

/** What the files of progress say. */
export interface LoadedProgress {
  readonly snapshot: Snapshot | undefined;
  readonly entries: readonly ProgressEntry[];
  /** Of the newest file that is there. */
  readonly number: number;
  /**
   * Whether something was there that was not legible. A file whose beginning is torn was not in use yet, and the end of one
   * is where a crash breaks off; these are not counted.
   */
  readonly damaged: boolean;
}

const magic = Buffer.from("OTLPKITP");
const version = 1;
const headBytes = 20;
export const entryBytes = 32;
const begunCode = 0xff;
const safeCode = 0xfe;

/** Says that what is before a sequence is on stable storage. */
export function safeNote(before: number): ProgressEntry {
  return { kind: "safe", consumer: 0, sequence: before, outcome: undefined, items: 0, rejectedItems: 0 };
}

export function encodeSnapshot(snapshot: Snapshot): Buffer {
  const text = Buffer.from(JSON.stringify(snapshot));
  const bytes = Buffer.alloc(headBytes + text.length);
  bytes.set(magic, 0);
  bytes.writeUInt16LE(version, 8);
  bytes.writeUInt32LE(text.length, 12);
  bytes.writeUInt32LE(crc32(text), 16);
  bytes.set(text, headBytes);
  return bytes;
}

export function encodeEntry({ kind, consumer, sequence, outcome, items, rejectedItems }: ProgressEntry): Buffer {
  const bytes = Buffer.alloc(entryBytes);
  bytes[4] = outcome === undefined ? (kind === "safe" ? safeCode : begunCode) : outcomes.indexOf(outcome);
  bytes.writeUInt32LE(consumer, 8);
  bytes.writeUInt32LE(items, 12);
  writeUint53(bytes, sequence, 16);
  bytes.writeUInt32LE(rejectedItems, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

function decodeEntry(bytes: Buffer): ProgressEntry | undefined {
  if (bytes.readUInt32LE(0) !== crc32(bytes.subarray(4))) return undefined;
  const code = bytes[4] as number;
  const outcome = outcomes[code];
  if (outcome === undefined && code !== begunCode && code !== safeCode) return undefined;
  return {
    kind: code === safeCode ? "safe" : code === begunCode ? "begun" : "settled",
    consumer: bytes.readUInt32LE(8),
    items: bytes.readUInt32LE(12),
    sequence: readUint53(bytes, 16),
    rejectedItems: bytes.readUInt32LE(24),
    outcome,
  };
}

/**
 * Reads what is there. When the newest snapshot is not legible, the one before and everything that happened since say the
 * same, which is why two are kept.
 */
export async function loadProgress(files: Files, folder: string, names: readonly string[]): Promise<LoadedProgress> {
  const numbers = progressNumbers(names);
  const later: ProgressEntry[][] = [];
  let damaged = false;
  for (const number of numbers.toReversed()) {
    const { snapshot, entries, flawed } = await loadFile(files, `${folder}/${nameOfProgress(number)}`);
    damaged ||= flawed;
    later.unshift(entries);
    if (snapshot !== undefined) return { snapshot, entries: later.flat(), number: numbers.at(-1) ?? 0, damaged };
  }
  return { snapshot: undefined, entries: [], number: numbers.at(-1) ?? 0, damaged };
}

async function loadFile(
  files: Files,
  path: string,
): Promise<{ snapshot: Snapshot | undefined; entries: ProgressEntry[]; flawed: boolean }> {
  const file = await files.open(path, "read");
  try {
    const bytes = bufferOf(await file.read(0, await file.size()));
    const nothing = { snapshot: undefined, entries: [], flawed: false };
    if (bytes.length < headBytes || !bytes.subarray(0, 8).equals(magic)) return nothing;
    const end = headBytes + bytes.readUInt32LE(12);
    const text = bytes.subarray(headBytes, end);
    const legible = text.length === end - headBytes && crc32(text) === bytes.readUInt32LE(16);
    const entries: ProgressEntry[] = [];
    let flaws = 0;
    let flawedEnd = 0;
    for (let at = end; at + entryBytes <= bytes.length; at += entryBytes) {
      const entry = decodeEntry(bytes.subarray(at, at + entryBytes));
      if (entry === undefined) flawedEnd++;
      else {
        flaws += flawedEnd;
        flawedEnd = 0;
        entries.push(entry);
      }
    }
    const snapshot = legible ? (JSON.parse(text.toString()) as Snapshot) : undefined;
    return { snapshot, entries, flawed: flaws > 0 || (!legible && entries.length > 0) };
  } finally {
    await file.close();
  }
}
