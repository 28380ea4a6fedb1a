import { signalNames } from "@otlpkit/core";
import {
  type Book,
  itemNames,
  type Ledger as Accounts,
  ledgerLines,
  type Metrics,
  readLedger as readAccounts,
} from "@otlpkit/telemetry";

/** What became of the items (P4): at the doors, and from there on to the destinations. */
export interface Ledger extends Accounts {
  /** Items whose senders were told that they are taken. */
  readonly accepted: number;
  /** Items whose senders were told to come again, or that they are not wanted. */
  readonly refused: number;
}

/** Reads the ledger: the doors from the metrics, everything behind them from the book. */
export function readLedger(metrics: Metrics, book: Book, exporters: readonly string[]): Ledger {
  const all = (prefix: string): number =>
    signalNames.reduce((total, signal) => total + metrics.sum(`${prefix}_${itemNames[signal]}`), 0);
  return {
    accepted: all("otelcol_receiver_accepted"),
    refused: all("otelcol_receiver_refused") + all("otelcol_receiver_failed"),
    ...readAccounts(book, exporters),
  };
}

/** The ledger for people: one line, or one for each destination when there are several. */
export function writeLedger({
  accepted,
  refused,
  destinations,
  open,
}: Omit<Ledger, "pipelines" | "tenants">): string[] {
  const count = (number: number): string => number.toLocaleString("en-US");
  const head = `accepted ${count(accepted)} items${refused > 0 ? ` (and sent back ${count(refused)})` : ""}`;
  const lines = ledgerLines({ destinations, open: [] });
  const problems = ledgerLines({ destinations: {}, open });
  const [only] = Object.keys(destinations);
  if (lines.length === 1 && only !== undefined) return [`${head}: ${lines[0]!.slice(only.length + 2)}`, ...problems];
  return [head, ...lines.map((line) => `  ${line}`), ...problems];
}
