import type { Encryption } from "@otlpkit/core";
import type { DurableQueue } from "./durable-queue.ts";
import type { Files } from "./files.ts";
import { open } from "./open.ts";
import { settle } from "./options.ts";

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
  // It takes nothing in, so no limit is of any importance.
  const queue = await open(settle({ ...options, folder, maxBytes: 2 ** 50, segmentBytes: 2 ** 26 }));
  const all = async (): Promise<DurableQueue[]> => {
    const dead = await queue.deadLetters();
    return dead === undefined ? [queue] : [queue, dead];
  };
  return {
    remove: (sequences) => queue.remove(sequences),
    removeDeadLetters: async (sequences) => (await (await queue.deadLetters())?.remove(sequences)) ?? 0,
    async mend() {
      const sum = { damagedPlaces: 0, tornBytes: 0 };
      for (const one of await all()) {
        await one.check();
        sum.damagedPlaces += one.recovered.damagedPlaces;
        sum.tornBytes += one.recovered.tornBytes;
      }
      return sum;
    },
    async rewrap() {
      let rewrapped = 0;
      const failed: string[] = [];
      for (const one of await all()) {
        const done = await one.rewrap();
        rewrapped += done.rewrapped;
        failed.push(...done.failed);
      }
      return { rewrapped, failed };
    },
    forget: (consumer) => queue.forget(consumer),
    close: () => queue.close(),
  };
}
