import type { AuditSink } from "./sink.ts";

/** Writes each record as a line of JSON to standard output, for those who collect that. `write` is for tests. */
export function consoleSink(write: (line: string) => unknown = (line) => process.stdout.write(line)): AuditSink {
  return {
    name: "console",
    open: () => Promise.resolve(undefined),
    write(records) {
      write(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
