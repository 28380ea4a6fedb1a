import { type Batch, ExportError, type Middleware } from "@otlpkit/core";

/** How a send ended. */
export interface Outcome {
  readonly batch: Batch;
  readonly ms: number;
  /** Items that the far side refused for good; 0 when the whole failed. */
  readonly rejectedItems: number;
  /** Absent when the batch was taken. */
  readonly error?: ExportError;
}

/** Tells `record` how every send ended. `now` is a clock in ms. */
export function measured(
  record: (outcome: Outcome) => void,
  now: () => number = performance.now.bind(performance),
): Middleware {
  return (next) => ({
    async send(batch, options) {
      const start = now();
      try {
        const ack = await next.send(batch, options);
        record({ batch, ms: now() - start, rejectedItems: Math.min(ack.rejectedItems, batch.items) });
        return ack;
      } catch (thrown) {
        const error = ExportError.from(thrown);
        record({ batch, ms: now() - start, rejectedItems: 0, error });
        throw error;
      }
    },
    close: () => next.close(),
  });
}
