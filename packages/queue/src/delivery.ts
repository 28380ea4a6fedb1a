import { ExportError } from "@otlpkit/core";
import type { Cache } from "./cache.ts";
import type { Catalog, Segment } from "./catalog.ts";
import type { Consumer } from "./consumer.ts";
import type { Source } from "./drain.ts";
import type { Settings } from "./options.ts";
import type { Progress } from "./progress.ts";
import type { Refusal } from "./queue.ts";
import type { Reader } from "./reader.ts";
import type { Settling } from "./settling.ts";

export interface DeliveryOptions extends Pick<
  Settings,
  "now" | "wallClock" | "setTimer" | "random" | "maxAgeMs" | "onEvent"
> {
  readonly catalog: Catalog;
  readonly records: Reader;
  readonly recent: Cache;
  readonly notes: Progress;
  readonly books: Settling;
  readonly lockOut: (segment: Segment, error: ExportError) => void;
  /** Keeps a dead letter; undefined where none are kept. */
  readonly keep: ((batch: Parameters<Source["refused"]>[1], refusal: Refusal) => Promise<void>) | undefined;
}

/** What a drain gets from the queue, and tells it, for one consumer. */
export interface Delivery extends Source {
  /** Delivered since the queue was opened, though begun before. */
  readonly repeated: { readonly batches: number; readonly items: number };
}

export function delivery(one: Consumer, options: DeliveryOptions): Delivery {
  const { catalog, records, recent, notes, books, onEvent, wallClock } = options;
  const consumer = one.name;
  const mayRepeat = new Set(one.begun);
  const repeated = { batches: 0, items: 0 };

  /** Where a record is, if it is still to be delivered and can be. */
  function segmentOf(sequence: number): Segment | undefined {
    const segment = catalog.find(sequence);
    if (segment?.has(sequence) !== true || segment.lockedOut !== undefined) return undefined;
    return one.isSettled(segment, sequence) ? undefined : segment;
  }

  return {
    ...options,
    repeated,
    async load(sequence) {
      const segment = segmentOf(sequence);
      const entry = segment?.get(sequence);
      if (segment === undefined || entry === undefined) return undefined;
      if (wallClock() - entry.acceptedAtMs > options.maxAgeMs) {
        books.drop(one, segment, [sequence], "expired");
        return undefined;
      }
      const kept = recent.get(sequence);
      if (kept !== undefined) return kept;
      try {
        return await records.read(segment, sequence);
      } catch (error) {
        if (!ExportError.is(error)) throw error;
        if (error.code === "forbidden") options.lockOut(segment, error);
        else if (error.code === "invalid") await books.damaged(one, segment, sequence);
        else throw error;
        return undefined;
      }
    },
    async begin(sequence) {
      one.begun.add(sequence);
      const items = segmentOf(sequence)?.get(sequence)?.items ?? 0;
      await notes.note({ kind: "begun", consumer: one.id, sequence, outcome: undefined, items, rejectedItems: 0 });
    },
    delivered(sequence, { signal, tenant, items }, acceptedAtMs, ack) {
      const segment = segmentOf(sequence);
      const rejectedItems = Math.min(ack.rejectedItems, items);
      if (segment === undefined || !books.settle(one, segment, sequence, "delivered", rejectedItems)) return;
      const again = mayRepeat.delete(sequence);
      if (again) {
        repeated.batches++;
        repeated.items += items;
      }
      onEvent({
        kind: "delivered",
        consumer,
        signal,
        tenant,
        items: items - rejectedItems,
        rejectedItems,
        message: ack.message,
        ageMs: Math.max(0, wallClock() - acceptedAtMs),
        repeated: again,
      });
    },
    async refused(sequence, batch, refusal, error) {
      await options.keep?.(batch, refusal);
      const kind = options.keep === undefined ? "rejected" : "dead-lettered";
      const segment = segmentOf(sequence);
      if (segment === undefined || !books.settle(one, segment, sequence, kind)) return;
      const { signal, tenant, items } = batch;
      onEvent({ kind, consumer, signal, tenant, sequence, items, error });
    },
    failed: (sequence, tenant, attempt, delayMs, error) =>
      onEvent({ kind: "failed", consumer, tenant, sequence, attempt, delayMs, error }),
  };
}
