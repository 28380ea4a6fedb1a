import { type Ack, accepted, type Batch, ExportError } from "@otlpkit/core";
import { splitByBytes, splitByItems } from "@otlpkit/otlp/batches";
import type { Call } from "./call.ts";

/** What no request has more of; `Infinity` for no limit. */
interface Limits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** Cuts a batch, hands each piece to `join`, and makes one answer of all. */
export type Split = (whole: Call, limits: Limits, join: (piece: Call) => void) => void;

/**
 * Cuts a batch by items and bytes. What can't be cut small enough is handed on too, to be refused by who knows why.
 *
 * A piece that may be accepted later makes the whole fail with its retryable error: the caller must not lose it, and
 * pieces that were delivered may then repeat. When no piece that could be sent was accepted, the whole fails for good. Else
 * what failed for good is a partial success, which says exactly that: some taken, some refused, nothing to send again.
 */
export function split(whole: Call, limits: Limits, join: (piece: Call) => void): void {
  const { batch } = whole;
  let parts: Parts;
  try {
    parts = cut(batch, limits);
  } catch (error) {
    return whole.refuse(ExportError.from(error, `cannot split ${batch.signal}`));
  }
  const pieceOf = (part: Batch): Call => whole.piece(part);
  const tooLarge = parts.tooLarge.map(pieceOf);
  const pieces = parts.pieces.map(pieceOf);
  const all = [...tooLarge, ...pieces];
  if (all.length === 0) {
    return whole.refuse(
      new ExportError(
        "invalid",
        `cannot send ${batch.signal}: there should be ${batch.items} items, and none is in it`,
      ),
    );
  }
  whole.place = {
    left() {
      for (const piece of all) piece.leave(whole.gone as ExportError);
    },
  };
  for (const piece of all) join(piece);
  void Promise.all([answers(tooLarge), answers(pieces)]).then((given) => whole.settle(combined(...given)));
}

interface Parts {
  readonly pieces: readonly Batch[];
  /** Single items above the limit of bytes. */
  readonly tooLarge: readonly Batch[];
}

/** Most come back as they are, not copied (H-06). */
function cut(whole: Batch, { maxItems, maxBytes }: Limits): Parts {
  const byItems = whole.items > maxItems ? splitByItems(whole, maxItems) : [whole];
  const pieces: Batch[] = [];
  const tooLarge: Batch[] = [];
  for (const piece of byItems) {
    const parts = splitByBytes(piece, maxBytes);
    pieces.push(...parts.batches);
    tooLarge.push(...parts.tooLarge);
  }
  return { pieces, tooLarge };
}

interface Answer {
  readonly items: number;
  readonly result: Ack | ExportError;
}

function answers(calls: readonly Call[]): Promise<Answer[]> {
  return Promise.all(
    calls.map(async ({ batch: { items }, answer }) => {
      try {
        return { items, result: await answer };
      } catch (error) {
        return { items, result: error as ExportError };
      }
    }),
  );
}

function combined(tooLarge: readonly Answer[], sent: readonly Answer[]): Ack | ExportError {
  const errors = sent.map(({ result }) => result).filter((result) => ExportError.is(result));
  const retryable = errors.find((error) => error.retryable);
  if (retryable) return retryable;
  if (errors[0] && errors.length === sent.length) return errors[0];

  let rejectedItems = 0;
  const messages = new Set<string>();
  for (const { items, result } of [...tooLarge, ...sent]) {
    rejectedItems += ExportError.is(result) ? items : result.rejectedItems;
    if (result.message !== "") messages.add(result.message);
  }
  return rejectedItems === 0 && messages.size === 0 ? accepted : { rejectedItems, message: [...messages].join("; ") };
}
