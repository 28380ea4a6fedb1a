import type { Batch } from "@otlpkit/core";
import { assemble } from "./assemble.ts";
import { type Container, indexItems, type ItemIndex } from "./item-index.ts";
import { expectPlain, isDivisible } from "./merge.ts";
import type { PieceOf } from "./runs.ts";
import { varintSize } from "./wire.ts";

/**
 * Cuts a batch into pieces of at most `maxItems` items, in order, all but the last of them full. Each piece keeps the
 * rest of the containers that its items are in (resource, scope, metric, schema URLs, unknown fields) byte for byte.
 * A batch that is small enough comes back as it is, and so do profiles, which can't be cut.
 *
 * Throws `TypeError` for JSON and compressed batches, `RangeError` for a limit below 1.
 */
export function splitByItems(batch: Batch, maxItems: number): Batch[] {
  expectPlain(batch, "split");
  if (!(maxItems >= 1)) throw new RangeError(`maxItems must be 1 or more, it is ${maxItems}`);
  if (batch.items <= maxItems || !isDivisible(batch)) return [batch];

  const index = indexItems(batch.signal, batch.body, batch.items);
  const items = index.starts.length;
  const perPiece = Math.floor(maxItems);
  const pieceOf: number[] = [];
  for (let item = 0; item < items; item++) pieceOf.push(Math.floor(item / perPiece));
  return take(batch, index, pieceOf, Math.ceil(items / perPiece));
}

/** What became of a batch that was to be cut by size. */
export interface SplitByBytes {
  /** Pieces that keep to the limit, in order. */
  readonly batches: Batch[];
  /** Batches of a single item that alone, with what is around it, is over the limit. Nobody may send them (N1-06). */
  readonly tooLarge: Batch[];
}

/**
 * Cuts a batch into pieces whose bodies have at most `maxBytes` bytes, in order, each as full as the next item allows,
 * so that there are as few as can be. Each piece repeats what is around its items, as in {@link splitByItems}, so the
 * sum is larger than the whole. Profiles over the limit, which can't be cut, come back as too large; of a batch over the
 * limit that holds no item at all, nothing is left (N1-03).
 *
 * Throws `TypeError` for JSON and compressed batches, `RangeError` for a limit below 1.
 */
export function splitByBytes(batch: Batch, maxBytes: number): SplitByBytes {
  expectPlain(batch, "split");
  if (!(maxBytes >= 1)) throw new RangeError(`maxBytes must be 1 or more, it is ${maxBytes}`);
  if (batch.body.length <= maxBytes) return { batches: [batch], tooLarge: [] };
  if (!isDivisible(batch)) return { batches: [], tooLarge: [batch] };

  const index = indexItems(batch.signal, batch.body, batch.items);
  const items = index.starts.length;
  const pieceOf: number[] = [];
  const oversized = new Set<number>();
  const piece = growingPiece(index);
  let current = -1;
  let pieces = 0;
  for (let item = 0; item < items; item++) {
    if (current !== -1 && piece.add(item, maxBytes)) {
      pieceOf.push(current);
    } else if (piece.begin(item, maxBytes)) {
      current = pieces++;
      pieceOf.push(current);
    } else {
      oversized.add(pieces);
      pieceOf.push(pieces++);
    }
  }
  const all = take(batch, index, pieceOf, pieces);
  return {
    batches: all.filter((_, number) => !oversized.has(number)),
    tooLarge: all.filter((_, number) => oversized.has(number)),
  };
}

/** Batches of the items that `pieceOf` sends to each piece, -1 being none. Pieces without items are not made. */
export function take(batch: Batch, index: ItemIndex, pieceOf: PieceOf, pieces: number): Batch[] {
  const items = Array<number>(pieces).fill(0);
  for (const piece of pieceOf) if (piece >= 0) (items[piece] as number)++;
  return assemble(batch.body, index, pieceOf, pieces).flatMap((body, piece) =>
    items[piece] === 0 ? [] : [{ ...batch, body, items: items[piece] as number }],
  );
}

/** A piece of which only the size is known, so that an item can be tried. */
interface GrowingPiece {
  /** Takes the item if the piece then has at most `maxBytes` bytes. */
  add(item: number, maxBytes: number): boolean;
  /** Begins anew with this item, if it fits alone; else leaves everything as it is. */
  begin(item: number, maxBytes: number): boolean;
}

function growingPiece(index: ItemIndex): GrowingPiece {
  const { containers, starts, ends, parents } = index;
  /** The containers around the last item and the sizes of their contents so far. Those before are complete. */
  const chain: Container[] = [];
  const sizes: number[] = [];
  const nextSizes: number[] = [];

  const put = (item: number, maxBytes: number, fresh: boolean): boolean => {
    const innermost = containers[parents[item] as number] as Container;
    let grown = (ends[item] as number) - (starts[item] as number);
    for (let container: Container | undefined = innermost; container !== undefined; container = container.parent) {
      const { depth } = container;
      const isOpen = !fresh && chain[depth] === container;
      const before = isOpen ? (sizes[depth] as number) : container.restBytes;
      const after = before + grown;
      nextSizes[depth] = after;
      grown = isOpen
        ? grown + varintSize(after) - varintSize(before)
        : varintSize(container.tag) + varintSize(after) + after;
    }
    if ((nextSizes[0] as number) > maxBytes) return false;
    for (let container: Container | undefined = innermost; container !== undefined; container = container.parent) {
      chain[container.depth] = container;
      sizes[container.depth] = nextSizes[container.depth] as number;
    }
    chain.length = innermost.depth + 1;
    return true;
  };
  return {
    add: (item, maxBytes) => put(item, maxBytes, false),
    begin: (item, maxBytes) => put(item, maxBytes, true),
  };
}
