import { ExportError, type Signal } from "@otlpkit/core";
import { platform } from "#platform";
import type { FlushOptions, FlushReport, OtlpClient } from "../otlp-client.ts";
import { diagnoseLosses } from "./losses.ts";
import { type PendingResource, pendingResources } from "./pending-resources.ts";

/** How long a flush may take. */
export interface ForceFlushOptions {
  /** Default 30,000. */
  readonly timeoutMillis?: number | undefined;
}

/** The part that the processors of spans and of log records share. */
export interface RecordProcessor<Item> {
  /** Takes an item that is complete. Never throws; after `shutdown` it does nothing. */
  take(item: Item): void;
  /** Resolves when everything taken before has arrived; rejects with what is missing (O-09 to O-11). */
  forceFlush(options?: ForceFlushOptions): Promise<void>;
  /** The same within 10 s, and lets go of the client, if it is the processor's own (O-12, O-13). */
  shutdown(): Promise<void>;
}

export interface RecordProcessorSettings<Item> {
  readonly signal: Signal;
  readonly client: Pick<OtlpClient, "flush" | "close" | "on">;
  /** Whether the processor has made the client, and so closes it. */
  readonly ownsClient: boolean;
  readonly record: (item: Item) => void;
}

export function recordProcessor<Item extends { readonly resource: PendingResource }>(
  settings: RecordProcessorSettings<Item>,
): RecordProcessor<Item> {
  const { signal, client, ownsClient, record } = settings;
  const pending = pendingResources(record);
  const stopDiagnosing = diagnoseLosses(client, signal);
  // The client does not know of what is held here. Mostly nothing is.
  const stopWatching = platform.beforeEnd(() => {
    if (pending.release() > 0) void client.flush({ timeoutMs: 10_000 });
  });
  let shuttingDown: Promise<void> | undefined;

  async function flush(timeoutMs: number, end: (options: FlushOptions) => Promise<FlushReport>): Promise<void> {
    const begun = performance.now();
    await within(timeoutMs, pending.settled());
    pending.release();
    const { failed, left } = await end({ timeoutMs: Math.max(0, timeoutMs - (performance.now() - begun)) });
    if (left > 0) throw new ExportError("timeout", `${left} items had no answer within ${timeoutMs} ms`);
    if (failed > 0)
      throw new ExportError("rejected", `${failed} items were not delivered; the logger of diag knows why`);
  }

  async function shutDown(): Promise<void> {
    stopWatching();
    try {
      await flush(10_000, (options) => (ownsClient ? client.close(options) : client.flush(options)));
    } finally {
      stopDiagnosing();
    }
  }

  return {
    take(item) {
      if (shuttingDown === undefined) pending.add(item);
    },
    forceFlush: ({ timeoutMillis = 30_000 } = {}) =>
      shuttingDown ?? flush(timeoutMillis, (options) => client.flush(options)),
    shutdown: () => (shuttingDown ??= shutDown()),
  };
}

/** Waits, but no longer than that, and does not let the process end meanwhile. */
function within(timeoutMs: number, done: Promise<void>): Promise<void> {
  const release = platform.hold();
  return new Promise<void>((resolve) => {
    const cancel = platform.later(resolve, timeoutMs);
    void done.then(() => {
      cancel();
      resolve();
    });
  }).finally(release);
}
