import { crc32 } from "node:zlib";
import { type Batch, ExportError, type Format, type Signal } from "@otlpkit/core";
import { bufferOf, type Mark, readUint53, writeUint53 } from "./layout.ts";
import type { Refusal } from "./queue.ts";

/** What stands in front of each batch, readable without a key. */
export interface RecordHead {
  /** Bytes of the head itself. */
  readonly headBytes: number;
  /** Bytes that follow: details and body, sealed where the segment is encrypted. */
  readonly payloadBytes: number;
  /** How many of the payload's plain bytes are details. */
  readonly detailBytes: number;
  readonly sequence: number;
  /** Items in all records of the queue before this one, so that what a damaged place held can be told. */
  readonly itemsBefore: number;
  readonly acceptedAtMs: number;
  readonly items: number;
  /** So many records before this one were not yet safe when it was written: whether they were answered nobody can say. */
  readonly unsafeBefore: number;
  /** So many records before it, and after it, were sealed together with it. */
  readonly sealedBefore: number;
  readonly sealedAfter: number;
  /** Checksum of the payload; 0 where it is sealed, which is better. */
  readonly checksum: number;
  readonly signal: Signal;
  readonly format: Format;
  readonly encrypted: boolean;
  readonly tenant: string | undefined;
}

/** What only the receiver of a batch needs; left out when everything is as usual. */
export interface Details {
  readonly encoding?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly refusal?: Refusal;
}

const fixedBytes = 64;
const checksumBytes = 4;
/** The least that a head has. */
export const minHeadBytes: number = fixedBytes + checksumBytes;
const maxTenantBytes = 0xffff;
const maxHeadBytes = minHeadBytes + maxTenantBytes;

const signals: readonly Signal[] = ["traces", "metrics", "logs", "profiles"];
const formats: readonly Format[] = ["protobuf", "json"];
const encryptedFlag = 1;
const tenantFlag = 2;

const none = Buffer.alloc(0);

export function encodeDetails({ encoding, headers }: Batch, refusal?: Refusal): Buffer {
  const details: { -readonly [key in keyof Details]: Details[key] } = {};
  if (encoding !== "identity") details.encoding = encoding;
  for (const _ in headers) {
    details.headers = headers;
    break;
  }
  if (refusal !== undefined) details.refusal = refusal;
  for (const _ in details) return Buffer.from(JSON.stringify(details));
  return none;
}

/**
 * Sees to it that a batch can be written, since others are written with it.
 *
 * @throws ExportError "invalid" when it can't
 */
export function checkBatch(batch: Batch): void {
  const { signal, format, items, body } = batch;
  let problem: string | undefined;
  if (!signals.includes(signal)) problem = "its signal is unknown";
  else if (!formats.includes(format)) problem = "its format is unknown";
  else if (!(body instanceof Uint8Array)) problem = "its body is no Uint8Array";
  else if (!Number.isInteger(items) || items < 0 || items > 0xffff_ffff) problem = `it has ${items} items`;
  if (problem !== undefined) throw new ExportError("invalid", `cannot queue ${signal}: ${problem}`);
}

/** Bytes that a batch takes on disk, apart from what encryption adds. */
export function recordBytesOf(batch: Batch): number {
  const tenantBytes = batch.tenant === undefined ? 0 : Buffer.byteLength(batch.tenant);
  return minHeadBytes + tenantBytes + encodeDetails(batch).length + batch.body.byteLength;
}

export function encodeTenant(tenant: string | undefined): Buffer {
  if (tenant === undefined) return none;
  const bytes = Buffer.from(tenant);
  if (bytes.length <= maxTenantBytes) return bytes;
  throw new ExportError("invalid", `cannot queue: the tenant's name has ${bytes.length} bytes, more than 65,535`);
}

/** The head; `tenant` in bytes. */
export function encodeHead(
  mark: Mark,
  head: Omit<RecordHead, "headBytes" | "tenant">,
  tenant: Buffer | undefined,
): Buffer {
  const tenantBytes = tenant?.length ?? 0;
  const bytes = Buffer.allocUnsafe(minHeadBytes + tenantBytes);
  bytes.writeUInt32LE(mark.word, 0);
  bytes.writeUInt32LE(bytes.length, 4);
  bytes.writeUInt32LE(head.payloadBytes, 8);
  bytes.writeUInt32LE(head.detailBytes, 12);
  writeUint53(bytes, head.sequence, 16);
  writeUint53(bytes, head.itemsBefore, 24);
  writeUint53(bytes, head.acceptedAtMs, 32);
  bytes.writeUInt32LE(head.items, 40);
  bytes.writeUInt32LE(head.checksum, 44);
  bytes[48] = signals.indexOf(head.signal);
  bytes[49] = formats.indexOf(head.format);
  bytes[50] = (head.encrypted ? encryptedFlag : 0) | (tenant === undefined ? 0 : tenantFlag);
  bytes[51] = 0;
  bytes.writeUInt32LE(head.unsafeBefore, 52);
  bytes.writeUInt16LE(head.sealedBefore, 56);
  bytes.writeUInt16LE(head.sealedAfter, 58);
  bytes.fill(0, 60, fixedBytes);
  if (tenant !== undefined) bytes.set(tenant, fixedBytes);
  const end = fixedBytes + tenantBytes;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end), mark.seed), end);
  return bytes;
}

/** The head at the beginning of `bytes`; undefined if there is none, or not the whole of it. */
export function decodeHead(mark: Mark, bytes: Buffer): RecordHead | undefined {
  const headBytes = headBytesAt(mark, bytes);
  if (headBytes === undefined || bytes.length < headBytes) return undefined;
  const end = headBytes - checksumBytes;
  if (bytes.readUInt32LE(end) !== crc32(bytes.subarray(0, end), mark.seed)) return undefined;
  const signal = signals[bytes[48] as number];
  const format = formats[bytes[49] as number];
  if (signal === undefined || format === undefined) return undefined;
  const flags = bytes[50] as number;
  return {
    headBytes,
    payloadBytes: bytes.readUInt32LE(8),
    detailBytes: bytes.readUInt32LE(12),
    sequence: readUint53(bytes, 16),
    itemsBefore: readUint53(bytes, 24),
    acceptedAtMs: readUint53(bytes, 32),
    items: bytes.readUInt32LE(40),
    checksum: bytes.readUInt32LE(44),
    unsafeBefore: bytes.readUInt32LE(52),
    sealedBefore: bytes.readUInt16LE(56),
    sealedAfter: bytes.readUInt16LE(58),
    signal,
    format,
    encrypted: (flags & encryptedFlag) !== 0,
    tenant: (flags & tenantFlag) === 0 ? undefined : bytes.toString("utf8", fixedBytes, end),
  };
}

/** How long the head at the beginning of `bytes` says it is; undefined if there is none. */
export function headBytesAt(mark: Mark, bytes: Buffer): number | undefined {
  if (bytes.length < minHeadBytes || bytes.readUInt32LE(0) !== mark.word) return undefined;
  const headBytes = bytes.readUInt32LE(4);
  return headBytes >= minHeadBytes && headBytes <= maxHeadBytes ? headBytes : undefined;
}

/** Bytes of {@link encodeEnd}. */
export const endBytes = 12;

/** What stands behind the last record, until the next one is written over it: what comes after is left from before. */
export function encodeEnd(mark: Mark): Buffer {
  const bytes = Buffer.allocUnsafe(endBytes);
  bytes.writeUInt32LE(mark.word, 0);
  // No head is so short.
  bytes.writeUInt32LE(endBytes, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 8), mark.seed), 8);
  return bytes;
}

/** Whether that stands at the beginning of `bytes`. */
export function isEnd(mark: Mark, bytes: Buffer): boolean {
  if (bytes.length < endBytes || bytes.readUInt32LE(0) !== mark.word || bytes.readUInt32LE(4) !== endBytes)
    return false;
  return bytes.readUInt32LE(8) === crc32(bytes.subarray(0, 8), mark.seed);
}

/** The checksum of a payload in the clear. */
export function checksumOf(details: Uint8Array, body: Uint8Array): number {
  // CRC32 and not CRC32C: that is what Node has in native code; both find every burst of up to 32 bits.
  return crc32(body, details.length === 0 ? 0 : crc32(details));
}

/** The batch and the reason, from a payload in the clear. */
export function decodePayload(head: RecordHead, payload: Uint8Array): { batch: Batch; refusal?: Refusal } {
  const text = bufferOf(payload).toString("utf8", 0, head.detailBytes);
  const { encoding = "identity", headers = {}, refusal } = (text === "" ? {} : JSON.parse(text)) as Details;
  const { signal, format, items, tenant } = head;
  const body = payload.subarray(head.detailBytes);
  const batch = { signal, body, items, format, encoding, headers, ...(tenant === undefined ? {} : { tenant }) };
  return refusal === undefined ? { batch } : { batch, refusal };
}
