import { type Ack, type Batch, ExportError, type Middleware } from "@otlpkit/core";

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
    send(batch, options) {
      const start = now();
      return answered(
        () => next.send(batch, options),
        (ack) => record({ batch, ms: now() - start, rejectedItems: Math.min(ack.rejectedItems, batch.items) }),
        (error) => record({ batch, ms: now() - start, rejectedItems: 0, error }),
      );
    },
    close: () => next.close(),
  });
}

/**
 * Hands an answer on when it has been looked at. With `then` and not `await`, since several of these stand one behind the
 * other in front of every request, and this way each costs half.
 */
export function answered(
  send: () => Promise<Ack>,
  onAck: (ack: Ack) => void,
  onError: (error: ExportError) => void,
): Promise<Ack> {
  let answer: Promise<Ack>;
  try {
    answer = send();
  } catch (thrown) {
    answer = Promise.reject(ExportError.from(thrown));
  }
  return answer.then(
    (ack) => {
      onAck(ack);
      return ack;
    },
    (thrown: unknown) => {
      const error = ExportError.from(thrown);
      onError(error);
      throw error;
    },
  );
}
