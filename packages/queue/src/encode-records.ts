import type { FileSealer } from "@otlpkit/core";
import type { Mark } from "./layout.ts";
import { checksumOf, encodeHead, type RecordHead } from "./record.ts";
import type { NewRecord, Place } from "./segment-writer.ts";

/** A record that has a place. */
export type PlacedRecord = NewRecord & Place;

/**
 * Small records are sealed together up to so many bytes, since a seal costs 10 µs and more whatever its size; and no
 * further, since damage to one is damage to all of them.
 */
const togetherBytes = 16 * 1024;

/** The bytes of records that stand one behind the other, checked. */
export function encodePlain(mark: Mark, records: readonly PlacedRecord[]): Uint8Array[] {
  return records.flatMap((record) => {
    const checksum = checksumOf(record.details, record.batch.body);
    const head = headOf(mark, record, { encrypted: false, checksum, sealedBefore: 0, sealedAfter: 0 });
    return [head, ...payloadOf(record)];
  });
}

/** The same, sealed in place of checked. `firstSequence` is that of the file, from which records are counted. */
export function encodeSealed(
  mark: Mark,
  records: readonly PlacedRecord[],
  sealer: FileSealer,
  firstSequence: number,
): Uint8Array[] {
  return [...sealedTogether(records)].flatMap((together) => {
    const heads = together.map((record, sealedBefore) => {
      const sealedAfter = together.length - 1 - sealedBefore;
      return headOf(mark, record, { encrypted: true, checksum: 0, sealedBefore, sealedAfter });
    });
    const [first] = together as [PlacedRecord];
    const clear = heads.length === 1 ? (heads[0] as Buffer) : Buffer.concat(heads);
    const sealed = sealer.seal(first.sequence - firstSequence, together.flatMap(payloadOf), clear);
    return together.length === 1 ? [clear, ...sealed] : [dealt(together, heads, sealed, sealer.overheadBytes)];
  });
}

function* sealedTogether(records: readonly PlacedRecord[]): Generator<readonly PlacedRecord[]> {
  let together: PlacedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (together.length > 0 && bytes + record.bytes > togetherBytes) {
      yield together;
      together = [];
      bytes = 0;
    }
    together.push(record);
    bytes += record.bytes;
  }
  if (together.length > 0) yield together;
}

/** To each record its head, its own bytes of what was sealed together, and a copy of the proof that stands for them all. */
function dealt(
  records: readonly PlacedRecord[],
  heads: readonly Buffer[],
  parts: readonly Uint8Array[],
  overheadBytes: number,
): Buffer {
  const sealed = Buffer.concat(parts);
  const proof = sealed.subarray(sealed.length - overheadBytes);
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + record.bytes, 0));
  let from = 0;
  let to = 0;
  records.forEach((record, index) => {
    const head = heads[index] as Buffer;
    const plainBytes = record.payloadBytes - overheadBytes;
    bytes.set(head, to);
    bytes.set(sealed.subarray(from, from + plainBytes), to + head.length);
    bytes.set(proof, to + head.length + plainBytes);
    from += plainBytes;
    to += record.bytes;
  });
  return bytes;
}

function payloadOf({ details, batch }: PlacedRecord): readonly Uint8Array[] {
  return details.length === 0 ? [batch.body] : [details, batch.body];
}

function headOf(
  mark: Mark,
  { batch, details, tenant, acceptedAtMs, sequence, itemsBefore, unsafeBefore, payloadBytes }: PlacedRecord,
  payload: Pick<RecordHead, "encrypted" | "checksum" | "sealedBefore" | "sealedAfter">,
): Buffer {
  const { signal, format, items } = batch;
  const place = { sequence, itemsBefore, unsafeBefore, payloadBytes, detailBytes: details.length };
  return encodeHead(mark, { ...place, ...payload, acceptedAtMs, items, signal, format }, tenant);
}
