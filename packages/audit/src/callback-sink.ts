import type { ChainedRecord } from "./chain.ts";
import type { AuditSink } from "./sink.ts";

/** Hands each record to a function of yours; what it throws, or rejects with, counts as not kept. */
export function callbackSink(keep: (record: ChainedRecord) => unknown): AuditSink {
  return {
    name: "callback",
    open: () => Promise.resolve(undefined),
    async write(records) {
      for (const record of records) await keep(record);
    },
    close: () => Promise.resolve(),
  };
}
