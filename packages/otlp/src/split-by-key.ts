import type { Batch } from "@otlpkit/core";
import { indexItems, type ItemIndex } from "./item-index.ts";
import { hex, type ItemView, itemView, traceIdKey } from "./item-view.ts";
import { expectPlain, isDivisible } from "./merge.ts";
import { take } from "./split.ts";
import { bucketsOf, mix, traceIdHashAt } from "./trace-id-bucket.ts";
import { findTraceId, traceIdTag } from "./visit.ts";

/**
 * Sorts the items of a batch into one batch per key, in the order in which keys turn up; items keep their order. `key`
 * is called once an item, with a view that is valid during the call. Each batch keeps the rest of the containers that
 * its items are in, byte for byte, and there are no empty ones: a batch without items gives an empty map.
 *
 * Profiles can't be cut and go whole to the key of the first.
 *
 * Throws `TypeError` for JSON and compressed batches.
 */
export function splitByKey<K extends string | number>(batch: Batch, key: (item: ItemView) => K): Map<K, Batch> {
  expectPlain(batch, "split");
  const index = indexItems(batch.signal, batch.body, batch.items);
  const sorted = sort(batch, index, key);
  const keys = sorted.keys as K[];
  const first = keys[0];
  if (first === undefined) return new Map();
  if (keys.length === 1 || !isDivisible(batch)) return new Map([[first, batch]]);

  const pieces = take(batch, index, sorted.pieceOf, keys.length);
  return new Map(keys.map((one, piece) => [one, pieces[piece] as Batch]));
}

interface Sorted {
  readonly keys: readonly (string | number)[];
  readonly pieceOf: number[];
}

function sort(batch: Batch, index: ItemIndex, key: (item: ItemView) => string | number): Sorted {
  if (key === traceIdKey) return sortByTraceId(batch, index);
  const buckets = bucketsOf(key);
  return buckets === undefined ? sortByView(batch, index, key) : sortByBucket(batch, index, buckets);
}

function sortByView(batch: Batch, index: ItemIndex, key: (item: ItemView) => string | number): Sorted {
  const items = index.starts.length;
  const pieceOf: number[] = [];
  const pieces = new Map<string | number, number>();
  const view = itemView(batch.signal, batch.body, index);
  for (let item = 0; item < items; item++) {
    view.go(item);
    const itemKey = key(view);
    let piece = pieces.get(itemKey);
    if (piece === undefined) {
      piece = pieces.size;
      pieces.set(itemKey, piece);
    }
    pieceOf.push(piece);
  }
  return { keys: [...pieces.keys()], pieceOf };
}

/** As {@link sortByView} does with a `traceIdBucket`, but with ids read where they are. */
function sortByBucket({ signal, body }: Batch, { contents, ends }: ItemIndex, buckets: number): Sorted {
  const tag = traceIdTag(signal);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const pieceOf = Array<number>(contents.length).fill(0);
  const keys: number[] = [];
  const pieceOfBucket = new Int32Array(buckets).fill(-1);
  for (let item = 0; item < contents.length; item++) {
    const at = tag === 0 ? -1 : findTraceId(body, contents[item] as number, ends[item] as number, tag);
    const bucket = at === -1 ? 0 : traceIdHashAt(view, at) % buckets;
    if (pieceOfBucket[bucket] === -1) pieceOfBucket[bucket] = keys.push(bucket) - 1;
    pieceOf[item] = pieceOfBucket[bucket] as number;
  }
  return { keys, pieceOf };
}

/** Compares ids where they are, in a hash table of positions, and makes a string of each different one. */
function sortByTraceId(batch: Batch, index: ItemIndex): Sorted {
  const { signal, body } = batch;
  const { contents, ends } = index;
  const items = contents.length;
  const tag = traceIdTag(signal);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const pieceOf: number[] = [];
  /** Where an id of each piece is, -1 for the piece of those without. */
  const idAt: number[] = [];
  let slots = 16;
  while (slots < items * 2) slots *= 2;
  const table = new Int32Array(slots);
  // Ids come from outside: whoever chooses them must not be able to choose where they fall.
  const seed = (Math.random() * 2 ** 32) | 0;
  let without = -1;

  for (let item = 0; item < items; item++) {
    const at = tag === 0 ? -1 : findTraceId(body, contents[item] as number, ends[item] as number, tag);
    if (at === -1) {
      if (without === -1) without = idAt.push(-1) - 1;
      pieceOf.push(without);
      continue;
    }
    const a = view.getInt32(at);
    const b = view.getInt32(at + 4);
    const c = view.getInt32(at + 8);
    const d = view.getInt32(at + 12);
    let slot = mix(mix(mix(mix(seed ^ a) ^ b) ^ c) ^ d) & (slots - 1);
    for (;;) {
      const entry = table[slot] as number;
      if (entry === 0) {
        pieceOf.push(idAt.push(at) - 1);
        table[slot] = idAt.length;
        break;
      }
      const known = idAt[entry - 1] as number;
      if (
        view.getInt32(known) === a &&
        view.getInt32(known + 4) === b &&
        view.getInt32(known + 8) === c &&
        view.getInt32(known + 12) === d
      ) {
        pieceOf.push(entry - 1);
        break;
      }
      slot = (slot + 1) & (slots - 1);
    }
  }
  return { keys: idAt.map((at) => (at === -1 ? "" : hex(body, at, at + 16))), pieceOf };
}
