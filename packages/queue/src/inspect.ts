import type { Encryption } from "@otlpkit/core";
import type { Files } from "./files.ts";
import type { Books, QueueRecord, RecordFacts } from "./queue.ts";

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
  /** "no record here", "the body was changed", "no key". */
  readonly problem: string;
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
  throw new Error(`not there yet: ${folder} ${String(options.files)}`);
}
