import { ExportError } from "@otlpkit/core";
import type { Appender } from "./appender.ts";
import type { Catalog, Segment } from "./catalog.ts";
import type { Consumer } from "./consumer.ts";
import type { Progress } from "./progress.ts";
import type { Reader } from "./reader.ts";
import { sequencesOf, type Settling } from "./settling.ts";
import type { Sweep } from "./sweep.ts";

/** Takes records out that will not be delivered, and gives their space back. */
export interface Upkeep {
  /** Lets the oldest segment go, with whatever of it was not delivered. False if there is none. */
  readonly dropOldest: () => Promise<boolean>;
  /** Deletes what was delivered; the segment that is written to as well, if that is what fills the queue. */
  readonly giveBack: () => Promise<void>;
  /** Takes records out, for all consumers. Says how many there were. */
  readonly remove: (sequences: readonly number[]) => Promise<number>;
  /** Takes a consumer's records out, and the consumer. */
  readonly forget: (one: Consumer) => Promise<void>;
  /** Reads everything, and takes out what is damaged. */
  readonly check: () => Promise<void>;
}

export interface UpkeepOptions {
  readonly catalog: Catalog;
  readonly consumers: Consumer[];
  readonly books: Settling;
  readonly records: Reader;
  readonly writer: Appender;
  readonly notes: Progress;
  readonly sweeper: Sweep;
  /** Makes one where there is none, so that what is taken out is in somebody's books. */
  readonly someConsumer: () => void;
  readonly lockOut: (segment: Segment, error: ExportError) => void;
}

export function upkeep(options: UpkeepOptions): Upkeep {
  const { catalog, consumers, books, records, writer, notes, sweeper, someConsumer, lockOut } = options;

  /** Makes it last, and deletes what nobody needs any more. */
  async function settled(): Promise<void> {
    await notes.checkpoint();
    await sweeper.go();
  }

  return {
    async dropOldest() {
      await sweeper.go();
      const [oldest] = catalog.segments;
      if (oldest === undefined) return false;
      if (oldest.open) await writer.endSegment();
      // It may have been delivered meanwhile.
      if (!catalog.segments.includes(oldest)) return true;
      someConsumer();
      for (const one of consumers) books.drop(one, oldest, sequencesOf(oldest), "full");
      oldest.lockedOut = undefined;
      await sweeper.go();
      return true;
    },
    async giveBack() {
      const last = catalog.segments.at(-1);
      const delivered = last !== undefined && consumers.length > 0 && consumers.every((one) => one.isDoneWith(last));
      if (last?.open === true && delivered) await writer.endSegment();
      await sweeper.go();
    },
    async remove(sequences) {
      someConsumer();
      const removed = new Set<number>();
      for (const sequence of sequences) {
        const segment = catalog.find(sequence);
        if (segment === undefined) continue;
        for (const one of consumers) {
          if (books.drop(one, segment, [sequence], "removed").batches > 0) removed.add(sequence);
        }
      }
      await settled();
      return removed.size;
    },
    async forget(one) {
      for (const segment of catalog.segments) books.drop(one, segment, sequencesOf(segment), "removed");
      consumers.splice(consumers.indexOf(one), 1);
      await settled();
    },
    async check() {
      someConsumer();
      for (const one of consumers) {
        for (const { segment, sequence } of books.unsettled(one)) {
          try {
            await records.read(segment, sequence);
          } catch (error) {
            if (!ExportError.is(error)) throw error;
            if (error.code === "forbidden") lockOut(segment, error);
            else if (error.code === "invalid") await books.damaged(one, segment, sequence);
            else throw error;
          }
        }
      }
      await settled();
    },
  };
}
