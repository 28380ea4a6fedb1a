import type { Ack, Batch } from "@otlpkit/core";
import { itemIds } from "./item-ids.ts";

/** What became of every item. Empty lists mean that nothing was lost, repeated or invented. */
export interface LedgerReport {
  /** Sent items. */
  readonly sent: number;
  readonly acknowledged: number;
  /** Different items that arrived. */
  readonly received: number;
  /** Acknowledged and never received: broken promises. Empty whatever happens, or there is a bug. */
  readonly missing: readonly string[];
  /** Received more than once. Allowed where something was sent again (F-17), and to be counted. */
  readonly duplicate: readonly string[];
  /** Received and never sent. */
  readonly unexpected: readonly string[];
  /** Sent, and neither acknowledged nor received: those whose sender was told that they failed. */
  readonly lost: readonly string[];
}

/** Keeps account of items by their ids, see {@link itemIds}. */
export interface Ledger {
  /** Before a send. */
  sent(batch: Batch): void;
  /** After a send that resolved. With rejected items nobody can say which, so none of the batch is held to have arrived. */
  acknowledged(batch: Batch, ack: Ack): void;
  /** At the far side. Takes batches, which must not be compressed, or plain ids. */
  received(batch: Batch | readonly string[]): void;
  report(): LedgerReport;
}

export function ledger(): Ledger {
  const sent = new Set<string>();
  const acknowledged = new Set<string>();
  const received = new Map<string, number>();
  const idsOf = ({ signal, body, format }: Batch): string[] => itemIds(signal, body, format);
  return {
    sent(batch) {
      for (const id of idsOf(batch)) sent.add(id);
    },
    acknowledged(batch, ack) {
      if (ack.rejectedItems > 0) return;
      for (const id of idsOf(batch)) acknowledged.add(id);
    },
    received(batch) {
      const ids = "signal" in batch ? idsOf(batch) : batch;
      for (const id of ids) received.set(id, (received.get(id) ?? 0) + 1);
    },
    report: () => ({
      sent: sent.size,
      acknowledged: acknowledged.size,
      received: received.size,
      missing: [...acknowledged].filter((id) => !received.has(id)),
      duplicate: [...received].filter(([, count]) => count > 1).map(([id]) => id),
      unexpected: [...received.keys()].filter((id) => !sent.has(id)),
      lost: [...sent].filter((id) => !acknowledged.has(id) && !received.has(id)),
    }),
  };
}
