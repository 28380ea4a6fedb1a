import type { Outcome } from "./books.ts";
import type { Catalog, Segment } from "./catalog.ts";
import type { Consumer } from "./consumer.ts";
import type { Amount, DropReason, QueueEvent } from "./events.ts";
import type { Progress } from "./progress.ts";
import type { SetAside } from "./set-aside.ts";

/** Enters what becomes of records: in the books, on disk, and for those who listen. */
export interface Settling {
  /** False if that was known, or nothing is entered any more. */
  settle(one: Consumer, segment: Segment, sequence: number, outcome: Outcome, rejectedItems?: number): boolean;
  /** The same, and says that it will not be delivered. */
  drop(one: Consumer, segment: Segment, sequences: Iterable<number>, reason: DropReason): Amount;
  /** Keeps a damaged record aside and drops it. */
  damaged(one: Consumer, segment: Segment, sequence: number): Promise<void>;
  /** What a consumer is still to get, and can. */
  unsettled(one: Consumer, before?: number): Iterable<{ readonly segment: Segment; readonly sequence: number }>;
  /** Enters nothing more. */
  stop(): void;
}

export interface SettlingOptions {
  readonly catalog: Catalog;
  readonly consumers: readonly Consumer[];
  readonly notes: Progress;
  readonly aside: SetAside;
  readonly onEvent: (event: QueueEvent) => void;
  readonly onFailure: (attempted: string, error: unknown) => void;
  /** Told of each record that a consumer is done with. */
  readonly onSettled: (one: Consumer, segment: Segment, sequence: number, bytes: number) => void;
}

export function settling(options: SettlingOptions): Settling {
  const { catalog, notes, aside, onEvent } = options;
  let stopped = false;

  function settle(one: Consumer, segment: Segment, sequence: number, outcome: Outcome, rejectedItems = 0): boolean {
    const entry = segment.get(sequence);
    // A segment that is gone was settled as a whole, perhaps while somebody looked at one of its records.
    if (stopped || entry === undefined || catalog.find(sequence) !== segment) return false;
    if (!one.settle(segment, sequence, outcome, rejectedItems)) return false;
    void notes.note({ kind: "settled", consumer: one.id, sequence, outcome, items: entry.items, rejectedItems });
    options.onSettled(one, segment, sequence, entry.bytes);
    return true;
  }

  function drop(one: Consumer, segment: Segment, sequences: Iterable<number>, reason: DropReason): Amount {
    const byTenant = new Map<string | undefined, { batches: number; items: number }>();
    const sum = { batches: 0, items: 0 };
    for (const sequence of sequences) {
      const entry = segment.get(sequence);
      if (entry === undefined || !settle(one, segment, sequence, reason)) continue;
      const amount = byTenant.get(entry.tenant) ?? { batches: 0, items: 0 };
      byTenant.set(entry.tenant, amount);
      for (const figures of [amount, sum]) {
        figures.batches++;
        figures.items += entry.items;
      }
    }
    for (const [tenant, amount] of byTenant)
      onEvent({ kind: "dropped", consumer: one.name, tenant, reason, ...amount });
    return sum;
  }

  return {
    settle,
    drop,
    async damaged(one, segment, sequence) {
      const entry = segment.get(sequence);
      // While it was read the segment may have gone, and something else been written over it.
      if (entry === undefined || catalog.find(sequence) !== segment) return;
      const { offset, bytes } = entry;
      let file: string | undefined;
      try {
        ({ file } = await aside.keep({ segment: segment.name, offset, bytes }));
      } catch (error) {
        options.onFailure("keep a damaged record aside", error);
      }
      onEvent({ kind: "damage", segment: segment.name, offset, bytes, file });
      drop(one, segment, [sequence], "damaged");
    },
    *unsettled(one, before = Infinity) {
      for (const segment of catalog.segments) {
        if (segment.lockedOut !== undefined) continue;
        const end = Math.min(segment.firstSequence + segment.length, before);
        for (let sequence = segment.firstSequence; sequence < end; sequence++) {
          if (segment.has(sequence) && !one.isSettled(segment, sequence)) yield { segment, sequence };
        }
      }
    },
    stop() {
      stopped = true;
    },
  };
}

/** The sequences of a segment, whether their records are there or not. */
export function* sequencesOf({ firstSequence, length }: Segment): Generator<number> {
  for (let sequence = firstSequence; sequence < firstSequence + length; sequence++) yield sequence;
}
