import type { Signal } from "./signal.ts";

/** How the request message is written down: protobuf, or the OTLP flavour of JSON. */
export type Format = "protobuf" | "json";

/**
 * One Export request: encoded items of one signal, on their way.
 *
 * A batch is immutable and may be shared: several destinations hold the same `body` (H-06), and a retry sends the very
 * same bytes (F-17). To change one, make another: `{ ...batch, body }`.
 */
export interface Batch {
  readonly signal: Signal;
  /** The `Export…ServiceRequest`, in `format`, compressed by `encoding`. */
  readonly body: Uint8Array;
  /** How many spans, data points, log records or profiles are inside; for counting, so that nobody needs to look. */
  readonly items: number;
  /** How `body` is written. Inside a pipeline it is "protobuf"; JSON exists at the doors only. */
  readonly format: Format;
  /** Content coding of `body` as it goes on the wire: "identity", "gzip", "zstd". */
  readonly encoding: string;
  /**
   * Headers to be sent onward with these items, in lower case: a tenant, for instance. Empty for most. Only batches
   * with equal headers may be merged.
   */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Whose items these are, where several share one way: for fair shares and for the books. Not sent onward by itself.
   * Only batches of one tenant may be merged. Absent where nobody tells tenants apart.
   */
  readonly tenant?: string;
}

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/** A batch of uncompressed protobuf without onward headers, which is what most are. */
export function protobufBatch(signal: Signal, body: Uint8Array, items: number): Batch {
  return { signal, body, items, format: "protobuf", encoding: "identity", headers: noHeaders };
}
