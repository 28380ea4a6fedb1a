import type { FileOpener } from "@otlpkit/core";
import type { Segment } from "./catalog.ts";
import { damagedRecord } from "./damaged-record.ts";
import type { OpenFile } from "./files.ts";
import { bufferOf } from "./layout.ts";
import { decodeHead, type RecordHead } from "./record.ts";

/** A record in the clear. */
export interface Opened {
  readonly head: RecordHead;
  /** Details and body. */
  readonly payload: Uint8Array;
}

/**
 * Opens the record at the beginning of `bytes`.
 *
 * @throws ExportError "invalid" when it is damaged
 */
export function openAlone(segment: Segment, head: RecordHead, bytes: Buffer, opener: FileOpener): Opened {
  const { sequence, headBytes, payloadBytes } = head;
  const sealed = bytes.subarray(headBytes, headBytes + payloadBytes);
  const index = sequence - segment.firstSequence;
  return { head, payload: opener.open(index, sealed, bytes.subarray(0, headBytes)) };
}

/**
 * Opens a record and all that were sealed together with it, in their order.
 *
 * @throws ExportError "invalid" when one of them is damaged
 */
export async function openTogether(
  file: OpenFile,
  segment: Segment,
  { sequence, sealedBefore, sealedAfter }: RecordHead,
  opener: FileOpener,
): Promise<Opened[]> {
  const first = sequence - sealedBefore;
  const count = sealedBefore + 1 + sealedAfter;
  const from = segment.get(first);
  const to = segment.get(sequence + sealedAfter);
  const incomplete = (): Error =>
    damagedRecord(segment, sequence, "one that was sealed together with it was changed, or is not there");
  if (from === undefined || to === undefined) throw incomplete();
  const bytes = bufferOf(await file.read(from.offset, to.offset + to.bytes - from.offset));

  const heads: RecordHead[] = [];
  const clear: Buffer[] = [];
  const sealed: Buffer[] = [];
  let proof: Buffer | undefined;
  for (let index = 0, at = 0; index < count; index++) {
    const head = decodeHead(segment.mark, bytes.subarray(at));
    if (head?.sequence !== first + index || head.sealedBefore !== index || head.sealedAfter !== count - 1 - index)
      throw incomplete();
    const payloadAt = at + head.headBytes;
    const proofAt = payloadAt + head.payloadBytes - opener.overheadBytes;
    heads.push(head);
    clear.push(bytes.subarray(at, payloadAt));
    sealed.push(bytes.subarray(payloadAt, proofAt));
    at = payloadAt + head.payloadBytes;
    // Each has a copy of it.
    if (index === sealedBefore) proof = bytes.subarray(proofAt, at);
  }
  if (proof !== undefined) sealed.push(proof);
  const plain = opener.open(first - segment.firstSequence, Buffer.concat(sealed), Buffer.concat(clear));
  let at = 0;
  return heads.map((head) => {
    const end = at + head.payloadBytes - opener.overheadBytes;
    const payload = plain.subarray(at, end);
    at = end;
    return { head, payload };
  });
}
