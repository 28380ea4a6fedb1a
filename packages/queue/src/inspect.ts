import { setTimeout } from "node:timers/promises";
import { type Encryption, ExportError } from "@otlpkit/core";
import { type Catalog, catalog, type Segment } from "./catalog.ts";
import type { Consumer } from "./consumer.ts";
import type { Files, OpenFile } from "./files.ts";
import { deadFolderOf } from "./layout.ts";
import { nodeFiles } from "./node-files.ts";
import type { Books, QueueRecord, RecordFacts } from "./queue.ts";
import { type Loaded, type Reader, reader } from "./reader.ts";
import type { RecordHead } from "./record.ts";
import { consumersOf } from "./recover.ts";
import { type Damage, type Survey, survey } from "./survey.ts";
import { walk } from "./walk.ts";

/** Options of {@link inspect}. */
export interface InspectOptions {
  /** Needed for bodies that are encrypted. */
  readonly encryption?: Encryption;
  readonly files?: Files;
}

/** One file of a queue. */
export interface SegmentFacts {
  readonly name: string;
  readonly bytes: number;
  readonly madeAtMs: number;
  readonly batches: number;
  readonly items: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** The key that opens it; undefined when it is not encrypted. */
  readonly keyId: string | undefined;
  /** Bytes that are no record. In the file that is being written this may be one that is not complete yet. */
  readonly strayBytes: number;
}

/** What is wrong at one place. */
export interface Flaw {
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
  /** Which record it was, if that is legible. */
  readonly sequence: number | undefined;
  /** "no record here", "the body was changed". */
  readonly problem: string;
  /** It could not be looked at, for want of its key: nothing is known to be wrong with it. */
  readonly locked: boolean;
}

/** A look into a queue, live or stopped, that changes nothing. */
export interface Inspection {
  segments(): Promise<readonly SegmentFacts[]>;
  /** All records on disk, oldest first, those already delivered included; see {@link waiting}. */
  records(): AsyncIterable<RecordFacts>;
  /** Of one consumer: those it has not got. Of a live queue: as of a moment ago. */
  waiting(consumer?: string): AsyncIterable<RecordFacts>;
  /**
   * One record with its batch; undefined when it is not there.
   *
   * @throws ExportError "invalid" when it is damaged; "forbidden" without its key
   */
  read(sequence: number): Promise<QueueRecord | undefined>;
  /** Reads everything and names what is wrong. */
  verify(): AsyncIterable<Flaw>;
  /** The ids of keys that are needed to read what is there, with the number of segments for each. */
  keys(): Promise<ReadonlyMap<string, number>>;
  /** The names of the consumers, with their books up to the last time that the queue wrote them down. */
  consumers(): Promise<ReadonlyMap<string, Books>>;
  /** The same look at the dead letters; each has a `refusal`. */
  deadLetters(): Inspection;
}

/** Looks into the queue in a folder, whether a process has it open or not. */
export function inspect(folder: string, options: InspectOptions = {}): Inspection {
  return look(folder, options, false);
}

function look(folder: string, options: InspectOptions, mayBeAbsent: boolean): Inspection {
  const files = options.files ?? nodeFiles();

  /** What is there at this moment. */
  async function now(): Promise<Survey | undefined> {
    let before: readonly Damage[] | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        const found = await survey(files, folder);
        const damages = found.damages.filter((damage) => before?.some((seen) => isSame(seen, damage)));
        // What is being written, or has gone meanwhile, looks damaged once.
        if (before === undefined && found.damages.length > 0) {
          before = found.damages;
          await setTimeout(secondLookMs);
          continue;
        }
        if (found.queueId !== undefined || found.foreign.length > 0 || mayBeAbsent) return { ...found, damages };
        throw new ExportError("invalid", `there is no queue in ${folder}`);
      } catch (error) {
        if ((error as { code?: string }).code !== "ENOENT") throw error;
        // Files of a live queue come and go.
        if (attempt < attempts) continue;
        if (mayBeAbsent) return undefined;
        throw new ExportError("invalid", `there is no queue in ${folder}`, { cause: error });
      }
    }
  }

  async function* recordsOf(
    found: Survey | undefined,
    isWanted: (segment: Segment, sequence: number) => boolean,
  ): AsyncGenerator<RecordFacts> {
    for (const segment of found?.segments ?? []) {
      const file = await openIfThere(segment.name);
      if (file === undefined) continue;
      try {
        for await (const piece of walk(file, segment.mark, segment.bytes)) {
          if (piece.kind !== "record") continue;
          const { offset, head } = piece;
          const { sequence } = head;
          if (segment.get(sequence)?.offset === offset && isWanted(segment, sequence))
            yield factsOf(segment, offset, head);
        }
      } finally {
        await file.close();
      }
    }
  }

  /** Undefined when it has gone meanwhile. */
  async function openIfThere(name: string): Promise<OpenFile | undefined> {
    try {
      return await files.open(`${folder}/${name}`, "read");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Reads records of what was found; undefined when they have gone meanwhile: a live queue deletes and writes over files. */
  function loader(found: Survey, read: Reader): (segment: Segment, sequence: number) => Promise<Loaded | undefined> {
    let later: Promise<Survey | undefined> | undefined;
    return async (segment, sequence) => {
      try {
        return await read.read(segment, sequence);
      } catch (error) {
        const file = await openIfThere(segment.name);
        await file?.close();
        if (file === undefined) return undefined;
        if (segment !== found.segments.at(-1) || !ExportError.is(error) || error.code !== "invalid") throw error;
        // What it was written with may not have been there yet.
        later ??= setTimeout(secondLookMs).then(now);
        const newer = (await later)?.segments.find(({ name }) => name === segment.name);
        return newer === undefined ? undefined : read.read(newer, sequence);
      }
    };
  }

  async function consumers(found: Survey | undefined): Promise<readonly Consumer[]> {
    return found === undefined ? [] : consumersOf(found.progress, catalogOf(found));
  }

  return {
    async segments() {
      const found = await now();
      return (found?.segments ?? []).map((segment) => segmentFacts(segment, found?.damages ?? []));
    },
    async *records() {
      yield* recordsOf(await now(), () => true);
    },
    async *waiting(name = "default") {
      const found = await now();
      const one = (await consumers(found)).find((candidate) => candidate.name === name);
      yield* recordsOf(found, (segment, sequence) => one === undefined || !one.isSettled(segment, sequence));
    },
    async read(sequence) {
      const found = await now();
      if (found === undefined) return undefined;
      for await (const facts of recordsOf(found, (_, candidate) => candidate === sequence)) {
        const segment = found.segments.find(({ name }) => name === facts.segment);
        if (segment === undefined) continue;
        const read = reader(files, folder, options.encryption);
        try {
          const loaded = await loader(found, read)(segment, sequence);
          if (loaded === undefined) continue;
          const { batch, refusal } = loaded;
          return { ...facts, batch, ...(refusal === undefined ? {} : { refusal }) };
        } finally {
          await read.close();
        }
      }
      return undefined;
    },
    async *verify() {
      const found = await now();
      if (found === undefined) return;
      for (const { segment, offset, bytes } of found.damages) {
        yield { segment, offset, bytes, sequence: undefined, problem: "no record here", locked: false };
      }
      for (const { name, error } of found.foreign) yield wholeFile(name, error.message);
      for (const name of found.lost) yield wholeFile(name, "its header is lost, and with it the key");
      const locked = new Set<string>();
      const read = reader(files, folder, options.encryption);
      const load = loader(found, read);
      try {
        for await (const { segment: name, offset, bytes, sequence } of recordsOf(found, () => true)) {
          const segment = found.segments.find((candidate) => candidate.name === name);
          if (segment === undefined || locked.has(name)) continue;
          const error = await problemOf(load(segment, sequence));
          if (error === undefined) continue;
          if (error.code === "forbidden") {
            // The same for all of the segment.
            locked.add(name);
            yield { ...wholeFile(name, error.message), locked: true };
          } else yield { segment: name, offset, bytes, sequence, problem: error.message, locked: false };
        }
      } finally {
        await read.close();
      }
    },
    async keys() {
      const counts = new Map<string, number>();
      for (const { header } of (await now())?.segments ?? []) {
        if (header.key !== undefined) counts.set(header.key.id, (counts.get(header.key.id) ?? 0) + 1);
      }
      return counts;
    },
    async consumers() {
      const found = await now();
      return new Map(
        (await consumers(found)).map((one) => {
          const { settled, queued } = one.ledger;
          const sum = { batches: settled.batches + queued.batches, items: settled.items + queued.items };
          return [one.name, one.ledger.total(sum)];
        }),
      );
    },
    deadLetters: () => look(deadFolderOf(folder), options, true),
  };
}

/** No write takes so long, as a rule. */
const secondLookMs = 100;

/** How often to look again when files go while we look. */
const attempts = 10;

function isSame(one: Damage, other: Damage): boolean {
  return one.segment === other.segment && one.offset === other.offset && one.bytes === other.bytes;
}

function catalogOf(found: Survey): Catalog {
  const all = catalog();
  for (const segment of found.segments) all.add(segment);
  return all;
}

function segmentFacts(segment: Segment, damages: readonly Damage[]): SegmentFacts {
  const { name, bytes, header, records, items, firstSequence, length } = segment;
  const stray = damages.filter((damage) => damage.segment === name).reduce((sum, damage) => sum + damage.bytes, 0);
  return {
    name,
    bytes,
    madeAtMs: header.madeAtMs,
    batches: records,
    items,
    firstSequence,
    lastSequence: firstSequence + length - 1,
    keyId: header.key?.id,
    strayBytes: stray,
  };
}

function factsOf(segment: Segment, offset: number, head: RecordHead): RecordFacts {
  const { sequence, signal, tenant, items, acceptedAtMs, encrypted, sealedBefore, sealedAfter } = head;
  const bytes = head.headBytes + head.payloadBytes;
  const where = { segment: segment.name, offset, bytes };
  return { ...where, sequence, signal, tenant, items, acceptedAtMs, encrypted, sealedBefore, sealedAfter };
}

async function problemOf(work: Promise<unknown>): Promise<ExportError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (ExportError.is(error)) return error;
    throw error;
  }
}

function wholeFile(segment: string, problem: string): Flaw {
  return { segment, offset: 0, bytes: 0, sequence: undefined, problem, locked: false };
}
