import type { Ack, Batch, ExportError, Middleware } from "@otlpkit/core";
import type { Book, Place, Stop } from "./book.ts";
import { answered } from "./measured.ts";

/** The account that a batch belongs to at a stop. */
export function placeOf({ kind, name }: Stop, { tenant }: Pick<Batch, "tenant">): Place {
  return { kind, name, tenant };
}

/**
 * Writes down what the sender was told: items accepted, or refused and why. It stands in front of everything that belongs
 * to one destination, its queue included, or to one pipeline.
 */
export function bookAnswers(book: Book, stop: Stop): Middleware {
  return booked(
    stop,
    (place, { items }) => book.accepted(place, items),
    (place, { items }, error) => book.refused(place, items, error.code),
  );
}

/**
 * Writes down what the destination said: items delivered and items rejected. It stands behind the queue and in front of
 * the retries, or at the end of a pipeline, where the destinations say it together; what fails there either goes back to
 * the sender, who is told, or is dropped by the queue, which says so.
 */
export function bookDeliveries(book: Book, stop: Stop): Middleware {
  return booked(
    stop,
    (place, { items }, ack) => {
      const rejectedItems = Math.min(ack.rejectedItems, items);
      book.settled(place, items - rejectedItems, "delivered");
      book.settled(place, rejectedItems, "rejected", "partial success");
    },
    () => undefined,
  );
}

/**
 * Writes down attempts of which nobody knows whether an earlier one has arrived: it failed without an answer, or its answer
 * was lost. Call the result for each attempt that failed and will be followed by another.
 */
export function bookRepeats(book: Book, stop: Stop): (batch: Batch, error: ExportError) => void {
  return (batch, { code }) => {
    if (code === "timeout" || code === "unavailable") book.repeated(placeOf(stop, batch), batch.items);
  };
}

/** Tenants whose places are kept; more come and go. */
const maxPlaces = 1_000;

function booked(
  stop: Stop,
  onAck: (place: Place, batch: Batch, ack: Ack) => void,
  onError: (place: Place, batch: Batch, error: ExportError) => void,
): Middleware {
  // The same object for the same tenant, by which the book finds the account at once.
  const places = new Map<string | undefined, Place>();
  const placeFor = (batch: Batch): Place => {
    let place = places.get(batch.tenant);
    if (place === undefined) {
      if (places.size >= maxPlaces) places.clear();
      place = placeOf(stop, batch);
      places.set(batch.tenant, place);
    }
    return place;
  };
  return (next) => ({
    send: (batch, options) =>
      answered(
        () => next.send(batch, options),
        (ack) => onAck(placeFor(batch), batch, ack),
        (error) => onError(placeFor(batch), batch, error),
      ),
    close: () => next.close(),
  });
}
