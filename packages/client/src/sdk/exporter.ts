import { ExportError, type Signal, signals } from "@otlpkit/core";
import type { RecordEncoder } from "@otlpkit/otlp";
import type { FlushReport, OtlpClient } from "../otlp-client.ts";
import { diagnostics } from "./diagnostics.ts";

/** How an export ended, as the OpenTelemetry SDK wants to hear it. */
export interface ExportResult {
  /** 0: the far side has taken it. 1: it has not. */
  readonly code: 0 | 1;
  /** What went wrong, in words and with its cause. */
  readonly error?: Error;
}

/** Takes what a processor or reader of the OpenTelemetry SDK hands over. */
export interface Exporter<Items> {
  /** Sends what is given, and calls back once. Never throws. After `shutdown` it calls back with a failure (O-13). */
  export(items: Items, resultCallback: (result: ExportResult) => void): void;
  /** Resolves when every export before it has been answered. Rejects when that took more than 30 s (O-10, O-11). */
  forceFlush(): Promise<void>;
  /** Flushes and lets go of connections, within 10 s; what has no answer by then fails. */
  shutdown(): Promise<void>;
}

/** Who carries exports; `own`: the exporter's own client, which ends with it. */
export interface Carrier {
  readonly client: Pick<OtlpClient, "send" | "flush" | "close">;
  readonly own: boolean;
}

/** An exporter that encodes what it is given at once, and lets a client carry it within the time for one export. */
export function exporter<Item>(
  signal: Signal,
  encoder: RecordEncoder<Item>,
  { client, own }: Carrier,
): Exporter<readonly Item[]> {
  let shuttingDown: Promise<void> | undefined;

  async function deliver(items: readonly Item[]): Promise<void> {
    const unreadable = items.map(encode).filter((error) => error !== undefined);
    const batch = encoder.take();
    if (batch !== undefined) {
      const { rejectedItems, message } = await client.send(batch);
      if (rejectedItems > 0) {
        diagnostics().warn(
          `otlpkit: the far side refused ${rejectedItems} of ${batch.items} ${signals[signal].items}: ${message}`,
        );
      } else if (message !== "")
        diagnostics().warn(`otlpkit: the far side says of ${signals[signal].items}: ${message}`);
    }
    if (unreadable.length > 0) throw unreadable[0] as ExportError;
  }

  function encode(item: Item): ExportError | undefined {
    try {
      encoder.add(item);
      return undefined;
    } catch (error) {
      return ExportError.from(error, `cannot encode an item of ${signal}`);
    }
  }

  return {
    export(items, resultCallback) {
      const answer = (result: ExportResult): void => {
        try {
          resultCallback(result);
        } catch (error) {
          diagnostics().error(`otlpkit: whoever waited for an export of ${signal} failed`, error);
        }
      };
      if (shuttingDown !== undefined) return answer({ code: 1, error: closed(signal) });
      deliver(items).then(
        () => answer({ code: 0 }),
        (error: unknown) => answer({ code: 1, error: ExportError.from(error, `cannot export ${signal}`) }),
      );
    },
    forceFlush: () => shuttingDown ?? client.flush().then((report) => requireAnswers(signal, report)),
    shutdown: () =>
      (shuttingDown ??= (own ? client.close() : client.flush({ timeoutMs: 10_000 })).then((report) =>
        requireAnswers(signal, report),
      )),
  };
}

function closed(signal: Signal): ExportError {
  return new ExportError("closed", `cannot export ${signal}: the exporter has been shut down`);
}

/** What failed has been told to whoever exported it. */
function requireAnswers(signal: Signal, { left }: FlushReport): void {
  if (left > 0) throw new ExportError("timeout", `${left} ${signals[signal].items} had no answer in time`);
}
