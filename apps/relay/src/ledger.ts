import { signalNames } from "@otlpkit/core";
import { itemNames, type Metrics } from "@otlpkit/telemetry";

/** What became of the items, in sum (P4). */
export interface Ledger {
  /** Items whose senders were told that they are taken. */
  readonly accepted: number;
  /** Items whose senders were told to come again, or that they are not wanted. */
  readonly refused: number;
  readonly destinations: Readonly<Record<string, DestinationLedger>>;
}

/** What became of the items at one destination. */
export interface DestinationLedger {
  readonly delivered: number;
  /** Refused for good by the destination in a partial success. */
  readonly rejected: number;
  /** Answered early, and not delivered. */
  readonly dropped: number;
}

/** Reads the ledger from the metrics, which are where it is kept. */
export function readLedger(metrics: Metrics, exporters: readonly string[]): Ledger {
  const all = (prefix: string, labels?: Readonly<Record<string, string>>): number =>
    signalNames.reduce((total, signal) => total + metrics.sum(`${prefix}_${itemNames[signal]}`, labels), 0);
  const destinations = exporters.map((exporter) => [
    exporter,
    {
      delivered: all("otelcol_exporter_sent", { exporter }),
      rejected: all("otlpkit_exporter_rejected", { exporter }),
      dropped: all("otlpkit_exporter_dropped", { exporter }),
    },
  ]);
  return {
    accepted: all("otelcol_receiver_accepted"),
    refused: all("otelcol_receiver_refused") + all("otelcol_receiver_failed"),
    destinations: Object.fromEntries(destinations) as Record<string, DestinationLedger>,
  };
}

/** The ledger for people: one line, or one for each destination when there are several. */
export function writeLedger({ accepted, refused, destinations }: Ledger): string[] {
  const count = (number: number): string => number.toLocaleString("en-US");
  const entries = Object.entries(destinations);
  const outcome = ({ delivered, rejected, dropped }: DestinationLedger): string =>
    `${count(delivered)} delivered, ${count(rejected)} rejected, ${count(dropped)} dropped`;
  const head = `accepted ${count(accepted)} items${refused > 0 ? ` (and sent back ${count(refused)})` : ""}`;
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) return [`${head}: ${outcome(only[1])}`];
  return [head, ...entries.map(([id, destination]) => `  ${id}: ${outcome(destination)}`)];
}
