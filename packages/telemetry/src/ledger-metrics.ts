import { type Book, differenceOf } from "./book.ts";
import type { Metrics } from "./metrics.ts";

/** Shows the book as metrics, one series an account (and reason). */
export function ledgerMetrics(metrics: Metrics, book: Book): void {
  const counter = (what: string, help: string) => metrics.counter(`otlpkit_ledger_${what}_items`, help);
  const gauge = (what: string, help: string) => metrics.gauge(`otlpkit_ledger_${what}_items`, help);
  const accepted = counter("accepted", "Items whose sender was told that they are taken.");
  const recovered = counter("recovered", "Items found in a queue at the start.");
  const delivered = counter("delivered", "Items that the destination has taken.");
  const rejected = counter("rejected", "Items that the destination refused for good.");
  const dropped = counter("dropped", "Items given up, by the policy and reason for it.");
  const deadLettered = counter("dead_lettered", "Items laid aside because nobody would take them.");
  const refused = counter("refused", "Items whose sender was told otherwise, and which are not ours.");
  const repeated = counter("repeated", "Items sent although they may have arrived before.");
  const queued = gauge("queued", "Items held at the moment.");
  const difference = gauge("difference", "Items by which the account does not close; 0 unless something is wrong.");
  metrics.beforeRead(() => {
    for (const account of book.accounts()) {
      const { kind, name, tenant = "" } = account;
      const labels = { [kind === "pipeline" ? "pipeline" : "exporter"]: name, tenant };
      accepted.with(labels).total(account.accepted);
      recovered.with(labels).total(account.recovered);
      delivered.with(labels).total(account.delivered);
      repeated.with(labels).total(account.repeated);
      queued.with(labels).set(account.queued);
      difference.with(labels).set(differenceOf(account));
      for (const [reason, items] of Object.entries(account.rejected)) rejected.with({ ...labels, reason }).total(items);
      for (const [reason, items] of Object.entries(account.dropped)) dropped.with({ ...labels, reason }).total(items);
      for (const [reason, items] of Object.entries(account.refused)) refused.with({ ...labels, reason }).total(items);
      for (const [reason, items] of Object.entries(account.deadLettered)) {
        deadLettered.with({ ...labels, reason }).total(items);
      }
    }
  });
}
