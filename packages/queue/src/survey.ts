import { ExportError } from "@otlpkit/core";
import { type Segment, segmentOf } from "./catalog.ts";
import type { Files, OpenFile } from "./files.ts";
import { bufferOf, isSpare, markOf, nameOfSegment, segmentNumbers } from "./layout.ts";
import { type LoadedProgress, loadProgress } from "./progress-file.ts";
import { endBytes, type RecordHead } from "./record.ts";
import { isBlank, readSegmentHeader, type SegmentHeader } from "./segment-header.ts";
import { walk } from "./walk.ts";

/** Bytes in a segment that are no record. */
export interface Damage {
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
  /** Nothing comes after it: most likely a write that a crash broke off. */
  readonly last: boolean;
}

/** What is in the folder of a queue. */
export interface Survey {
  readonly progress: LoadedProgress;
  /** Undefined when there is no queue. */
  readonly queueId: Uint8Array | undefined;
  readonly segments: readonly Segment[];
  readonly damages: readonly Damage[];
  /** Segments that are longer than what is in them: they were written over a file that was there. */
  readonly overlong: readonly Segment[];
  /** Files with nothing in them, or with nothing that anybody waits for. */
  readonly leftovers: readonly string[];
  /** Encrypted files whose header is lost: nothing can open them. */
  readonly lost: readonly string[];
  /** Files that we must not touch: of a later version or another queue. */
  readonly foreign: readonly { readonly name: string; readonly error: ExportError }[];
  readonly nextSegment: number;
}

interface Opened {
  readonly number: number;
  readonly file: OpenFile;
  readonly size: number;
  readonly header: SegmentHeader | undefined;
}

/**
 * Where a write broke off in a file that held another segment before, nobody can say which bytes are from before; so much is
 * kept aside for people to look at.
 */
const mostOfOneWrite = 4 * 1024 * 1024;

/** Looks at everything from head to head, and changes nothing. */
export async function survey(files: Files, folder: string): Promise<Survey> {
  const names = await files.list(folder);
  const progress = await loadProgress(files, folder, names);
  const numbers = segmentNumbers(names);
  const done = new Set(progress.snapshot?.done);
  const leftovers = [...numbers.filter((number) => done.has(number)).map(nameOfSegment), ...names.filter(isSpare)];
  const lost: string[] = [];
  const foreign: { name: string; error: ExportError }[] = [];
  const damages: Damage[] = [];
  const segments: Segment[] = [];
  const overlong: Segment[] = [];
  let queueId: Buffer | undefined;
  if (progress.snapshot !== undefined) queueId = Buffer.from(progress.snapshot.queueId, "hex");

  // The headers first: they say which queue this is.
  const headers = new Map<number, SegmentHeader | undefined>();
  for (const number of numbers.filter((one) => !done.has(one))) {
    try {
      headers.set(number, await withFile(files, folder, number, readSegmentHeader));
    } catch (error) {
      if (!ExportError.is(error)) throw error;
      foreign.push({ name: nameOfSegment(number), error });
    }
  }
  queueId ??= [...headers.values()].map((header) => header?.queueId).find((id) => id !== undefined) as
    | Buffer
    | undefined;

  for (const [number, header] of headers) {
    const name = nameOfSegment(number);
    if (queueId === undefined || (header !== undefined && header.number !== number)) {
      foreign.push({ name, error: strange(name, "its name does not fit what is in it") });
      continue;
    }
    if (header !== undefined && !bufferOf(header.queueId).equals(queueId)) {
      foreign.push({ name, error: strange(name, "it belongs to another queue") });
      continue;
    }
    const id = queueId;
    const { found, size } = await withFile(files, folder, number, async (file) => {
      const bytes = await file.size();
      return { found: await surveyOne({ number, file, size: bytes, header }, id, damages), size: bytes };
    });
    if (found === "lost") lost.push(name);
    else if (found === undefined) leftovers.push(name);
    else {
      segments.push(found);
      const isTorn = damages.some(({ segment, last }) => last && segment === name);
      if (found.bytes < size && !isTorn) overlong.push(found);
    }
  }

  cutWithdrawn(segments);
  const filled = segments.filter(({ records }) => records > 0);
  for (const { records, name } of segments) if (records === 0) leftovers.push(name);
  const nextSegment = Math.max(
    progress.snapshot?.nextSegment ?? 1,
    ...numbers.map((one) => one + 1),
    ...[...done].map((one) => one + 1),
  );
  return {
    progress,
    queueId,
    segments: filled,
    damages,
    overlong: overlong.filter(({ records }) => records > 0),
    leftovers,
    lost,
    foreign,
    nextSegment,
  };
}

/** The segment; undefined when nothing is in it; "lost" when nobody can open it. */
async function surveyOne(
  { number, file, size, header }: Opened,
  queueId: Buffer,
  damages: Damage[],
): Promise<Segment | "lost" | undefined> {
  let segment = header === undefined ? undefined : segmentOf(header, size);
  const found: Damage[] = [];
  let nextSequence = header?.firstSequence ?? 0;
  let end = size;
  let damage: { readonly offset: number; readonly bytes: number } | undefined;
  for await (const piece of walk(file, markOf(queueId, number), size)) {
    const { kind, offset } = piece;
    if (kind === "damage") {
      damage = piece;
      continue;
    }
    if (kind === "end") {
      end = offset + endBytes;
      continue;
    }
    if (damage !== undefined) found.push({ ...damage, segment: nameOfSegment(number), last: false });
    damage = undefined;
    const { head } = piece;
    segment ??= segmentOf(headerFrom(head, number, queueId), size);
    if (head.encrypted && segment.header.key === undefined) return "lost";
    const { sequence, tenant, items, itemsBefore, acceptedAtMs } = head;
    const bytes = head.headBytes + head.payloadBytes;
    if (sequence < nextSequence) {
      // Left over from something else.
      found.push({ segment: segment.name, offset, bytes, last: false });
      continue;
    }
    nextSequence = sequence + 1;
    segment.add(sequence, { offset, bytes, items, acceptedAtMs, tenant, itemsBefore });
    segment.safeBefore = Math.max(segment.safeBefore, sequence - head.unsafeBefore);
  }
  if (damage !== undefined) {
    end = damage.offset;
    const bytes = header?.writtenOver === false ? damage.bytes : Math.min(damage.bytes, mostOfOneWrite);
    found.push({ segment: nameOfSegment(number), offset: end, bytes, last: true });
  }
  if (segment === undefined && (await isBlank(file))) return undefined;
  if (segment !== undefined) segment.bytes = end;
  damages.push(...found);
  return segment;
}

/** In place of a header that is not legible. */
function headerFrom(head: RecordHead, number: number, queueId: Uint8Array): SegmentHeader {
  const { sequence, itemsBefore, acceptedAtMs } = head;
  return {
    number,
    generation: 0,
    firstSequence: sequence,
    itemsBefore,
    madeAtMs: acceptedAtMs,
    queueId,
    writtenOver: false,
    key: undefined,
  };
}

/** A segment begins where the ones before end, whatever is left in them. */
function cutWithdrawn(segments: readonly Segment[]): void {
  let end = Infinity;
  for (const segment of segments.toReversed()) {
    segment.cut(end);
    end = Math.min(end, segment.firstSequence);
  }
}

async function withFile<T>(
  files: Files,
  folder: string,
  number: number,
  use: (file: OpenFile) => Promise<T>,
): Promise<T> {
  const file = await files.open(`${folder}/${nameOfSegment(number)}`, "read");
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

function strange(name: string, why: string): ExportError {
  return new ExportError("unsupported", `cannot use ${name}: ${why}; move it elsewhere`);
}
