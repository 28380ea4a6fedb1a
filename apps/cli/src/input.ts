import { type Batch, ExportError, protobufBatch, type Signal, signalNames } from "@otlpkit/core";
import { jsonToProtobuf, scan } from "@otlpkit/otlp";
import { UsageError } from "./usage-error.ts";

/** What was found in a file. */
export interface Input {
  readonly batches: readonly Batch[];
  /** Lines that could not be read, with the reason; the rest was read all the same. */
  readonly warnings: readonly string[];
  /** How many lines were left out that were not merely cut short at the end (L-08). */
  readonly skipped: number;
}

/** The top-level key that tells the signal of a JSON request. */
const signalOfKey: Readonly<Record<string, Signal>> = {
  resourceSpans: "traces",
  resourceMetrics: "metrics",
  resourceLogs: "logs",
  resourceProfiles: "profiles",
};

/**
 * Reads OTLP as it is found in files: one JSON document, JSON lines (L-01, L-02), or one binary request. The signal of
 * JSON is told by its top-level key; that of binary data by `signal` or, failing that, by the file's name.
 *
 * @throws UsageError when the signal cannot be told, or nothing in the file can be read
 */
export function readInput(bytes: Uint8Array, name: string, signal: Signal | undefined): Input {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  if (first === undefined) return { batches: [], warnings: [`${name} is empty`], skipped: 0 };
  return first === 0x7b ? readJson(bytes, name, signal) : readBinary(bytes, name, signal);
}

function readJson(bytes: Uint8Array, name: string, signal: Signal | undefined): Input {
  const text = new TextDecoder();
  const batches: Batch[] = [];
  const warnings: string[] = [];
  let skipped = 0;
  const lines = splitLines(bytes);
  const nonEmpty = lines.filter((line) => line.byteLength > 0);
  // One document may be spread over lines: then its first line alone is not a whole object.
  const whole = nonEmpty.length === 1 || !looksWhole(text.decode(nonEmpty[0]));
  for (const [index, line] of (whole ? [bytes] : lines).entries()) {
    if (line.byteLength === 0) continue;
    const place = whole ? name : `${name}, line ${index + 1}`;
    try {
      batches.push(jsonBatch(line, text.decode(line), place, signal));
    } catch (error) {
      if (!ExportError.is(error) || whole) throw unreadable(place, error);
      const torn = index === lines.length - 1;
      if (!torn) skipped++;
      warnings.push(`${place}: skipped${torn ? " (the last line seems to be cut short)" : ""}: ${error.message}`);
    }
  }
  return { batches, warnings, skipped };
}

function jsonBatch(line: Uint8Array, text: string, place: string, signal: Signal | undefined): Batch {
  const key = /"(resource(?:Spans|Metrics|Logs|Profiles))"\s*:/.exec(text)?.[1];
  const found = signal ?? (key === undefined ? undefined : signalOfKey[key]);
  if (found === undefined) {
    throw new ExportError(
      "invalid",
      `${place} holds none of ${Object.keys(signalOfKey).join(", ")}; if it is meant to be empty, say --signal`,
    );
  }
  const { body, items } = jsonToProtobuf(found, line);
  return protobufBatch(found, body, items);
}

function readBinary(bytes: Uint8Array, name: string, signal: Signal | undefined): Input {
  const other = otherFormat(bytes);
  if (other !== undefined) throw new UsageError(`${name} is not OTLP: ${other}`);
  const found = signal ?? signalNames.find((candidate) => name.toLowerCase().includes(candidate.slice(0, -1)));
  if (found === undefined) {
    throw new UsageError(`${name} looks binary, which does not tell its signal: say --signal ${signalNames.join("|")}`);
  }
  try {
    return { batches: [protobufBatch(found, bytes, scan(found, bytes))], warnings: [], skipped: 0 };
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** What people also have in files, and no request begins with; with what to do about it. */
function otherFormat(bytes: Uint8Array): string | undefined {
  const begins = (...start: number[]): boolean => start.every((byte, index) => bytes[index] === byte);
  if (begins(0x1f, 0x8b)) return "it is packed with gzip; unpack it first: gunzip -c FILE | otlp send -";
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return "it is packed with zstd; unpack it first: zstd -dc FILE | otlp send -";
  if (begins(0xef, 0xbb, 0xbf)) return "it begins with a byte order mark; save it as UTF-8 without one";
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) return "it is UTF-16; save it as UTF-8";
  if (begins(0x5b)) return "it begins like a JSON array; a request is an object, and several are one a line";
  return undefined;
}

function unreadable(place: string, error: unknown): Error {
  return ExportError.is(error) ? new UsageError(`${place} is not OTLP: ${error.message}`) : (error as Error);
}

function looksWhole(line: string): boolean {
  const trimmed = line.trim();
  if (!trimmed.endsWith("}")) return false;
  try {
    JSON.parse(trimmed);
    return true;
  } catch {
    return false;
  }
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    const line = bytes.subarray(start, end < 0 ? bytes.length : end);
    lines.push(line.at(-1) === 0x0d ? line.subarray(0, -1) : line);
    if (end < 0) return lines;
    start = end + 1;
  }
}
