import type { ChainedRecord, Head } from "./chain.ts";

/** Where audit records are kept. */
export interface AuditSink {
  /** Names it in messages: "file", "console". */
  readonly name: string;
  /**
   * Where the chain stood when it was last written here; `undefined` for places that cannot be read. Called once, before
   * the first `write`.
   */
  open(): Promise<Head | undefined>;
  /** Keeps records, in order; resolves when they are as safe as they get here. Calls do not overlap. */
  write(records: readonly ChainedRecord[]): Promise<void>;
  close(): Promise<void>;
}
