import type { Encryption } from "@otlpkit/core";
import type { Files } from "./files.ts";

/** Options of {@link repair}. */
export interface RepairOptions {
  readonly encryption?: Encryption;
  readonly files?: Files;
}

/** Work on a stopped queue. */
export interface Repair {
  /** Takes these records out, for all consumers; counted as dropped ("removed"). Says how many there were. */
  remove(sequences: readonly number[]): Promise<number>;
  /** Takes these dead letters out, once they were delivered after all or are not wanted. Says how many there were. */
  removeDeadLetters(sequences: readonly number[]): Promise<number>;
  /** Cuts torn tails, keeps damaged pieces aside, deletes what every consumer has got: what opening the queue does as well. */
  mend(): Promise<{ readonly damagedPlaces: number; readonly tornBytes: number }>;
  /** Wraps the key of every segment with the key that is current now, without writing the data again. Dead letters too. */
  rewrap(): Promise<{ readonly rewrapped: number; readonly failed: readonly string[] }>;
  forget(consumer: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a stopped queue for work on it.
 *
 * @throws ExportError "unavailable" when a process has it open
 */
export async function repair(folder: string, options: RepairOptions = {}): Promise<Repair> {
  throw new Error(`not there yet: ${folder} ${String(options.files)}`);
}
