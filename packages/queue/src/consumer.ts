import type { Position } from "./appender.ts";
import { type Figures, ledger, type Ledger, type Outcome } from "./books.ts";
import type { Catalog, Entry, Segment } from "./catalog.ts";
import type { Amount } from "./events.ts";

/** What is kept of a consumer from one start to the next. */
export interface ConsumerSnapshot {
  /** Never given to another name. */
  readonly id: number;
  readonly name: string;
  /** What is not its own, of all that was ever written: what came before it, and what was never finished. */
  readonly start: Position;
  readonly accounts: readonly (readonly [string | null, Figures])[];
  /** Of each segment: which records it is done with, a bit for each, in base64. */
  readonly settled: readonly (readonly [number, string])[];
  /** Under way at that moment. */
  readonly begun: readonly number[];
}

/** Who reads a queue: what it has got, and what became of it. */
export interface Consumer {
  readonly id: number;
  readonly name: string;
  readonly start: Position;
  readonly ledger: Ledger;
  /** Sequences that are under way, or were when the process died. */
  readonly begun: Set<number>;
  /** A record that it is to get. */
  queue(entry: Entry): void;
  /** A segment from before: what of it is not settled is queued. */
  attach(segment: Segment): void;
  isSettled(segment: Segment, sequence: number): boolean;
  /** Says what became of a record that is there. False if that was known. */
  settle(segment: Segment, sequence: number, outcome: Outcome, rejectedItems: number): boolean;
  /** Whether it is done with every record of a segment. */
  isDoneWith(segment: Segment): boolean;
  /** Enters what was accepted and is neither settled nor there any more, and was not unfinished. Returns how much that is. */
  enterMissing(next: Position, unfinished: Amount): Amount;
  /** The segment is gone. */
  forget(segment: number): void;
  /** Its oldest record that is not settled. */
  oldest(catalog: Catalog): Entry | undefined;
  snapshot(): ConsumerSnapshot;
}

interface Settled {
  bits: Uint8Array;
  count: number;
}

export function consumer(before: ConsumerSnapshot): Consumer {
  const { id, name } = before;
  let { start } = before;
  const books = ledger(before.accounts);
  const begun = new Set(before.begun);
  const segments = new Map<number, Settled>(
    before.settled.map(([number, text]) => [number, { bits: Buffer.from(text, "base64"), count: 0 }]),
  );
  // Where to look for the oldest: it only moves on.
  let oldestAt = 0;

  const isSettled = (segment: Segment, sequence: number): boolean => {
    const index = sequence - segment.firstSequence;
    return (((segments.get(segment.number)?.bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
  };

  return {
    id,
    name,
    get start() {
      return start;
    },
    ledger: books,
    begun,
    queue: ({ tenant, items }) => books.queue(tenant, items),
    attach(segment) {
      const settled = segments.get(segment.number);
      // Only what is there counts: a record may have been damaged since it was settled.
      if (settled !== undefined) settled.count = 0;
      for (let index = 0; index < segment.length; index++) {
        const sequence = segment.firstSequence + index;
        const entry = segment.get(sequence);
        if (entry === undefined) continue;
        if (settled !== undefined && isSettled(segment, sequence)) settled.count++;
        else books.queue(entry.tenant, entry.items);
      }
    },
    isSettled,
    settle(segment, sequence, outcome, rejectedItems) {
      const entry = segment.get(sequence);
      if (entry === undefined || isSettled(segment, sequence)) return false;
      const index = sequence - segment.firstSequence;
      let settled = segments.get(segment.number);
      if (settled === undefined) segments.set(segment.number, (settled = { bits: new Uint8Array(8), count: 0 }));
      if (index >> 3 >= settled.bits.length) {
        const larger = new Uint8Array(Math.max(settled.bits.length * 2, (index >> 3) + 1));
        larger.set(settled.bits);
        settled.bits = larger;
      }
      (settled.bits[index >> 3] as number) |= 1 << (index & 7);
      settled.count++;
      begun.delete(sequence);
      books.unqueue(entry.tenant, entry.items);
      books.settle(entry.tenant, outcome, entry.items, rejectedItems);
      return true;
    },
    isDoneWith: (segment) => (segments.get(segment.number)?.count ?? 0) >= segment.records,
    enterMissing(next, unfinished) {
      const { settled, queued } = books;
      start = { sequence: start.sequence + unfinished.batches, items: start.items + unfinished.items };
      const batches = next.sequence - start.sequence - settled.batches - queued.batches;
      const items = next.items - start.items - settled.items - queued.items;
      // There is more than we knew of: a segment that was not legible is so again.
      start = { sequence: start.sequence + Math.min(batches, 0), items: start.items + Math.min(items, 0) };
      const missing = { batches: Math.max(batches, 0), items: Math.max(items, 0) };
      if (missing.batches > 0 || missing.items > 0)
        books.settle(undefined, "damaged", missing.items, 0, missing.batches);
      return missing;
    },
    forget: (segment) => void segments.delete(segment),
    oldest(catalog) {
      for (const segment of catalog.segments) {
        const end = segment.firstSequence + segment.length;
        if (end <= oldestAt) continue;
        for (let sequence = Math.max(segment.firstSequence, oldestAt); sequence < end; sequence++) {
          oldestAt = sequence;
          if (segment.has(sequence) && !isSettled(segment, sequence)) return segment.get(sequence);
        }
        oldestAt = end;
      }
      return undefined;
    },
    snapshot: () => ({
      id,
      name,
      start,
      accounts: books.snapshot(),
      settled: [...segments].map(([number, { bits }]) => [number, Buffer.from(bits).toString("base64")]),
      begun: [...begun],
    }),
  };
}
