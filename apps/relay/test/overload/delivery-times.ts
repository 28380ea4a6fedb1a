import type { Batch } from "@otlpkit/core";
import { itemIds, type Ledger } from "@otlpkit/testkit";

/** An account that also tells how long batches took from their sender to the destination. */
export interface TimedLedger extends Ledger {
  /** Of batches of these tenants (header `x-tenant`) that have arrived since it was asked last, in ms. */
  timesOf(tenants: readonly string[]): number[];
}

export function timedLedger(book: Ledger): TimedLedger {
  const under = new Map<string, { readonly atMs: number; readonly tenant: string }>();
  let arrived: { readonly tenant: string; readonly ms: number }[] = [];
  const keyOf = ({ body, format, signal }: Batch): string => itemIds(signal, body, format)[0] ?? "";
  return {
    ...book,
    sent(batch) {
      under.set(keyOf(batch), { atMs: performance.now(), tenant: batch.headers?.["x-tenant"] ?? "" });
      book.sent(batch);
    },
    received(batch) {
      book.received(batch);
      if (!("signal" in batch)) return;
      const sent = under.get(keyOf(batch));
      if (sent === undefined) return;
      under.delete(keyOf(batch));
      arrived.push({ tenant: sent.tenant, ms: performance.now() - sent.atMs });
    },
    timesOf(tenants) {
      const times = arrived.filter(({ tenant }) => tenants.includes(tenant)).map(({ ms }) => ms);
      arrived = [];
      return times;
    },
  };
}
