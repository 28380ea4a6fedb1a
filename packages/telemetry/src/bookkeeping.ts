import { type Batch, ExportError, type Middleware } from "@otlpkit/core";
import type { Book, Place, Stop } from "./book.ts";
import { measured } from "./measured.ts";

/** The account that a batch belongs to at a stop. */
export function placeOf({ kind, name }: Stop, { tenant }: Pick<Batch, "tenant">): Place {
  return { kind, name, tenant };
}

/**
 * Writes down what the sender was told: items accepted, or refused and why. It stands in front of everything that belongs
 * to one destination, its queue included, or to one pipeline.
 */
export function bookAnswers(book: Book, stop: Stop): Middleware {
  return measured(({ batch, error }) => {
    const place = placeOf(stop, batch);
    if (error === undefined) book.accepted(place, batch.items);
    else book.refused(place, batch.items, error.code);
  });
}

/**
 * Writes down what the destination said: items delivered and items rejected. It stands behind the queue and in front of
 * the retries, or at the end of a pipeline, where the destinations say it together; what fails there either goes back to the sender, who is told, or is dropped by the queue, which says so.
 */
export function bookDeliveries(book: Book, stop: Stop): Middleware {
  return measured(({ batch, error, rejectedItems }) => {
    if (error !== undefined) return;
    const place = placeOf(stop, batch);
    book.settled(place, batch.items - rejectedItems, "delivered");
    book.settled(place, rejectedItems, "rejected", "partial success");
  });
}

/**
 * Writes down attempts of which nobody knows whether an earlier one has arrived: it failed without an answer, or its answer
 * was lost. It stands behind the retries, once for each attempt.
 */
export function bookRepeats(book: Book, stop: Stop): Middleware {
  return (next) => {
    /** By body, since other stages may have made a new batch around it. */
    const uncertain = new WeakSet<Uint8Array>();
    return {
      async send(batch, options) {
        if (uncertain.has(batch.body)) book.repeated(placeOf(stop, batch), batch.items);
        try {
          return await next.send(batch, options);
        } catch (error) {
          if (ExportError.is(error) && (error.code === "timeout" || error.code === "unavailable")) {
            uncertain.add(batch.body);
          }
          throw error;
        }
      },
      close: () => next.close(),
    };
  };
}
