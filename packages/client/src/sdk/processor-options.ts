import { createClient } from "../create-client.ts";
import type { ClientOptions } from "../options.ts";
import type { OtlpClient } from "../otlp-client.ts";
import { warn } from "./diagnostics.ts";
import { type ExportedSignal, ofOneSignal } from "./one-signal.ts";

/** Options of the processors: those of a client, and those of the SDK's batch processors under their names. */
export interface ProcessorOptions extends ClientOptions {
  /** No more items are held or under way than this; more are dropped. Default: no limit but `maxBufferBytes`. */
  readonly maxQueueSize?: number | undefined;
  /** No request has more items than this. Default 8,192. */
  readonly maxExportBatchSize?: number | undefined;
  /** Items go no later than this, in ms. Default 5,000 for spans, 1,000 for log records. */
  readonly scheduledDelayMillis?: number | undefined;
  /** Items that could not be delivered are tried again for so long, in ms. Default 300,000. */
  readonly exportTimeoutMillis?: number | undefined;
}

/** The client that such options describe, or the one that is given instead. */
export function clientOf(
  signal: ExportedSignal,
  given: ProcessorOptions | OtlpClient,
): { readonly client: OtlpClient; readonly own: boolean } {
  if ("recordSpan" in given) return { client: given, own: false };
  const { maxQueueSize, maxExportBatchSize, scheduledDelayMillis, exportTimeoutMillis, ...options } = given;
  const client = createClient({
    onWarning: warn,
    ...options,
    ...ofOneSignal,
    [signal]: options[signal] ?? {},
    ...(maxQueueSize === undefined ? {} : { maxQueueItems: maxQueueSize }),
    ...(maxExportBatchSize === undefined ? {} : { maxBatchItems: maxExportBatchSize }),
    ...(scheduledDelayMillis === undefined ? {} : { maxAgeMs: scheduledDelayMillis }),
    ...(exportTimeoutMillis === undefined ? {} : { giveUpAfterMs: exportTimeoutMillis }),
  });
  return { client, own: true };
}
