import { ExportError, type FileOpener } from "@otlpkit/core";
import type { Segment } from "./catalog.ts";
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

/** Records that were sealed together, by their sequences. */
export interface Together {
  readonly first: number;
  readonly last: number;
  /** In their order. Rejects with "invalid" when one of them is damaged. */
  readonly opened: Promise<readonly Opened[]>;
}

/** Opens a record and all that were sealed together with it. */
export function openTogether(file: OpenFile, segment: Segment, head: RecordHead, opener: FileOpener): Together {
  const first = head.sequence - head.sealedBefore;
  const last = head.sequence + head.sealedAfter;
  return { first, last, opened: openBetween(file, segment, first, last, opener) };
}

async function openBetween(
  file: OpenFile,
  segment: Segment,
  first: number,
  last: number,
  opener: FileOpener,
): Promise<Opened[]> {
  const incomplete = (): ExportError =>
    new ExportError(
      "invalid",
      `cannot read records ${first} to ${last} of ${segment.name}, which were sealed together: one was changed, or is not there`,
    );
  const from = segment.get(first);
  const to = segment.get(last);
  if (from === undefined || to === undefined) throw incomplete();
  const bytes = bufferOf(await file.read(from.offset, to.offset + to.bytes - from.offset));

  const heads: RecordHead[] = [];
  const clear: Buffer[] = [];
  const sealed: Buffer[] = [];
  const proofs: Buffer[] = [];
  for (let sequence = first, at = 0; sequence <= last; sequence++) {
    const head = decodeHead(segment.mark, bytes.subarray(at));
    if (head?.sequence !== sequence || head.sealedBefore !== sequence - first || head.sealedAfter !== last - sequence)
      throw incomplete();
    const payloadAt = at + head.headBytes;
    const proofAt = payloadAt + head.payloadBytes - opener.overheadBytes;
    heads.push(head);
    clear.push(bytes.subarray(at, payloadAt));
    sealed.push(bytes.subarray(payloadAt, proofAt));
    at = payloadAt + head.payloadBytes;
    const proof = bytes.subarray(proofAt, at);
    if (!proofs.some((other) => other.equals(proof))) proofs.push(proof);
  }
  const index = first - segment.firstSequence;
  const plain = firstThatOpens(proofs, (proof) =>
    opener.open(index, Buffer.concat([...sealed, proof]), Buffer.concat(clear)),
  );
  let at = 0;
  return heads.map((head) => {
    const end = at + head.payloadBytes - opener.overheadBytes;
    const payload = plain.subarray(at, end);
    at = end;
    return { head, payload };
  });
}

/** Each record has a copy of the proof; one that was damaged costs nothing, since another will do. */
function firstThatOpens(proofs: readonly Buffer[], open: (proof: Buffer) => Uint8Array): Uint8Array {
  for (const proof of proofs.slice(0, -1)) {
    try {
      return open(proof);
    } catch (error) {
      if (!ExportError.is(error)) throw error;
    }
  }
  return open(proofs.at(-1) as Buffer);
}
