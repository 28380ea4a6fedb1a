import { type Ack, accepted, ExportError } from "@otlpkit/core";

/** What became of some items of one caller. */
export interface Outcome {
  readonly items: number;
  readonly result: Ack | ExportError;
  /** Refused before it was sent. */
  readonly unsent?: boolean;
}

/**
 * One answer from those for all pieces of a batch.
 *
 * A piece that may be accepted later makes the whole fail with its retryable error: the caller must not lose it, and
 * pieces that were delivered may then repeat. When no piece that was sent was accepted, the whole fails for good. Else
 * what failed for good is a partial success, which says exactly that: some taken, some refused, nothing to send again.
 */
export function combined(outcomes: readonly Outcome[]): Ack | ExportError {
  const [only] = outcomes;
  if (only && outcomes.length === 1 && !only.unsent) return only.result;
  const sent = outcomes.filter((outcome) => !outcome.unsent);
  const errors = sent.map((outcome) => outcome.result).filter((result) => ExportError.is(result));
  const retryable = errors.find((error) => error.retryable);
  if (retryable) return retryable;
  if (errors[0] && errors.length === sent.length) return errors[0];

  let rejectedItems = 0;
  const messages = new Set<string>();
  for (const { items, result } of outcomes) {
    rejectedItems += ExportError.is(result) ? items : result.rejectedItems;
    if (result.message !== "") messages.add(result.message);
  }
  return rejectedItems === 0 && messages.size === 0 ? accepted : { rejectedItems, message: [...messages].join("; ") };
}

/** The answer to a request, as each of its callers may understand it. */
export function shared(ack: Ack, items: number, callers: number): (itemsOfCaller: number) => Ack {
  if (ack.rejectedItems === 0 || callers === 1) return () => ack;
  if (ack.rejectedItems >= items) return (own) => ({ rejectedItems: own, message: ack.message });
  // Nobody can say whose items were refused. To blame all would count them many times over, so it is a warning.
  const message = `${ack.rejectedItems} of ${items} items of a merged request were rejected: ${ack.message}`;
  return () => ({ rejectedItems: 0, message });
}
