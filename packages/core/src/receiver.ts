import type { Sender } from "./sender.ts";

/** A door through which OTLP comes in. */
export interface Receiver {
  /** Names it in messages and metrics: "otlp/http", "otlp/grpc". */
  readonly name: string;
  /**
   * Takes requests and hands each to `pipeline`; the answer to the sender is the pipeline's answer. Resolves when the
   * port is open; throws when it cannot be opened.
   */
  listen(pipeline: Sender): Promise<Listening>;
}

/** An open door. */
export interface Listening {
  /** Where it really listens: "127.0.0.1:4318", with the port that port 0 became; "unix:/run/otlp.sock". */
  readonly address: string;
  /**
   * Takes no new connection and no new request, waits for those under way to be answered, then lets go of the port.
   * Does not close the pipeline, which may have other doors. After `graceMs` (default 10,000) what is left is cut off.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
