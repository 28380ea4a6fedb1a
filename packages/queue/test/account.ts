import type { Batch } from "@otlpkit/core";
import { difference, numberOf } from "./payload.ts";

/** What is known from outside of one batch. */
export interface Entry {
  readonly batch: Batch;
  /** What `send` said: nothing yet; that it is safe; that it failed. */
  answer: "none" | "accepted" | "failed";
  /** When it was accepted: in which life of the program, and by its clock. */
  acceptedIn: number;
  acceptedAtMs: number;
  acceptedAtTurn: number;
  /** A bit of it, or of what is needed to read it, was changed on disk. */
  damaged: boolean;
  /** Synced since it was accepted, so that a power cut can't take it. */
  safe: boolean;
  /** It was not safe when the power went. */
  mayBeLost: boolean;
  /** What each consumer's destination said that ends the matter, and in which life. */
  readonly ends: Map<string, { readonly how: "delivered" | "refused"; readonly life: number }>;
}

/** Keeps account of what a queue was given, what it answered and what came out: the judge of a schedule. */
export interface Account {
  readonly entries: ReadonlyMap<number, Entry>;
  /** What was delivered before and came again, by consumer, in the present life. */
  readonly repeats: Map<string, Set<number>>;
  /** Batches that the queue has said to have dropped, as its policy is, by consumer. */
  readonly dropped: Map<string, number>;
  sent(batch: Batch): Entry;
  /**
   * @throws Error when it is not, to the last byte, what was sent; or when the matter had ended: in this life, or in one
   *   that closed in good order
   */
  arrived(consumer: string, batch: Batch, life: number): Entry;
  /** A life ended, and everything that had ended in it is known for ever. */
  closedInGoodOrder(life: number): void;
}

/** @param diskMayFail whether a refusal may be forgotten, for want of a place for the dead letter */
export function account(diskMayFail: boolean): Account {
  const inGoodOrder = new Set<number>();
  const entries = new Map<number, Entry>();
  const repeats = new Map<string, Set<number>>();
  const dropped = new Map<string, number>();
  return {
    entries,
    repeats,
    dropped,
    sent(batch) {
      const entry: Entry = {
        batch,
        answer: "none",
        acceptedIn: 0,
        acceptedAtMs: 0,
        acceptedAtTurn: 0,
        damaged: false,
        safe: false,
        mayBeLost: false,
        ends: new Map(),
      };
      entries.set(numberOf(batch), entry);
      return entry;
    },
    closedInGoodOrder: (life) => void inGoodOrder.add(life),
    arrived(consumer, batch, life) {
      const entry = entries.get(numberOf(batch));
      if (!entry) throw new Error(`a batch arrived that nobody has sent: ${JSON.stringify(batch.headers)}`);
      const differs = difference(batch, entry.batch);
      if (differs) throw new Error(`batch ${numberOf(batch)} arrived garbled: ${differs}`);
      const end = entry.ends.get(consumer);
      if (end && !(end.how === "refused" && diskMayFail)) {
        if (end.life === life) throw new Error(`batch ${numberOf(batch)} was ${end.how} and came again at once`);
        if (inGoodOrder.has(end.life)) {
          throw new Error(`batch ${numberOf(batch)} was ${end.how} and came again after a close in good order`);
        }
        repeats.set(consumer, (repeats.get(consumer) ?? new Set()).add(numberOf(batch)));
      }
      return entry;
    },
  };
}
