import { type Ack, accepted, type Batch, ExportError } from "@otlpkit/core";
import { merge } from "@otlpkit/otlp";

/** What became of a batch, or of a part of one. */
export interface Outcome {
  /** The answers of those who have taken something, summed up. */
  readonly ack: Ack;
  /** What was not delivered, and why. */
  readonly failed?: { readonly rest: Batch; readonly error: ExportError };
}

/** Everything was answered. */
export function delivered(ack: Ack): Outcome {
  return { ack };
}

/** Nothing was delivered. */
export function failed(rest: Batch, error: ExportError): Outcome {
  return { ack: accepted, failed: { rest, error } };
}

/**
 * Makes one outcome of those of parts. When some parts were taken and others refused for good, the refused ones are
 * `rejectedItems`, as in any partial success: sending the whole again would repeat the former and help the latter
 * nothing. What may be tried again stays apart, with the error that says most about when.
 */
export function joined(outcomes: readonly Outcome[]): Outcome {
  const [only] = outcomes;
  if (only !== undefined && outcomes.length === 1) return only;

  let ack = accepted;
  let anyTaken = false;
  const refused: NonNullable<Outcome["failed"]>[] = [];
  const open: NonNullable<Outcome["failed"]>[] = [];
  for (const { ack: one, failed } of outcomes) {
    ack = summed(ack, one);
    if (failed === undefined) anyTaken = true;
    else (isRefusal(failed.error) ? refused : open).push(failed);
  }
  if (!anyTaken && open.length === 0) return { ack, failed: together(refused) };
  for (const { rest, error } of refused) ack = summed(ack, { rejectedItems: rest.items, message: error.message });
  return open.length === 0 ? { ack } : { ack, failed: together(open) };
}

/** Adds up two answers; what was said twice is said once. */
function summed(a: Ack, b: Ack): Ack {
  if (b === accepted) return a;
  if (a === accepted) return b;
  const rejectedItems = a.rejectedItems + b.rejectedItems;
  if (b.message === "" || a.message.includes(b.message)) return { rejectedItems, message: a.message };
  return { rejectedItems, message: a.message === "" ? b.message : `${a.message}; ${b.message}` };
}

/** Refused for good by the far side; not when the caller gave up, or we are closing. */
function isRefusal({ retryable, code }: ExportError): boolean {
  return !retryable && code !== "cancelled" && code !== "closed";
}

function together(parts: readonly NonNullable<Outcome["failed"]>[]): NonNullable<Outcome["failed"]> {
  const errors = parts.map(({ error }) => error);
  const [first] = errors as [ExportError];
  // Whoever gave up wants no more; else the first who says how long to wait.
  const error = errors.find(({ retryable }) => !retryable) ?? errors.find((one) => one.retryAfterMs > 0) ?? first;
  return { rest: merge(parts.map(({ rest }) => rest)), error };
}
