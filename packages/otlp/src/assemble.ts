import type { Container, ItemIndex } from "./item-index.ts";
import { varintSize, writeVarint } from "./wire.ts";

/** The size of a container that the piece in hand has nothing of. */
const untouched = -1;

/**
 * Writes requests of chosen items: `pieceOf[item]` says which of the `pieces` an item goes to, -1 to none. Around its
 * items each piece gets the same containers with everything else that is in them, byte for byte and in the same order;
 * containers that would be empty are left out. Returns the bodies, a piece without items being an empty one.
 */
export function assemble(body: Uint8Array, index: ItemIndex, pieceOf: Int32Array, pieces: number): Uint8Array[] {
  const byPiece = groupByPiece(pieceOf, pieces);
  const sizes = new Float64Array(index.containers.length).fill(untouched);
  const touched: Container[] = [];
  const bodies: Uint8Array[] = [];
  for (let piece = 0; piece < pieces; piece++) {
    const from = byPiece.from[piece] as number;
    const to = byPiece.from[piece + 1] as number;
    if (from === to) {
      bodies.push(new Uint8Array(0));
      continue;
    }
    touched.length = 0;
    measure(index, byPiece.items, from, to, sizes, touched);
    const out = new Uint8Array(sizes[0] as number);
    write(body, out, index, byPiece.items, from, to, sizes);
    bodies.push(out);
    for (const container of touched) sizes[container.number] = untouched;
  }
  return bodies;
}

/** The numbers of the items, piece by piece, in order within each; `from[piece]` is where those of a piece begin. */
function groupByPiece(pieceOf: Int32Array, pieces: number): { from: Int32Array; items: Int32Array } {
  const from = new Int32Array(pieces + 1);
  for (const piece of pieceOf) if (piece >= 0) (from[piece + 1] as number)++;
  for (let piece = 0; piece < pieces; piece++) (from[piece + 1] as number) += from[piece] as number;
  const next = from.slice();
  const items = new Int32Array(from[pieces] as number);
  for (let item = 0; item < pieceOf.length; item++) {
    const piece = pieceOf[item] as number;
    if (piece >= 0) items[(next[piece] as number)++] = item;
  }
  return { from, items };
}

/** Fills in the content size of every container that a piece has, and lists them, parents before children. */
function measure(
  index: ItemIndex,
  items: Int32Array,
  from: number,
  to: number,
  sizes: Float64Array,
  touched: Container[],
): void {
  const { containers, starts, ends, parents } = index;
  for (let position = from; position < to; position++) {
    const item = items[position] as number;
    const number = parents[item] as number;
    if (sizes[number] === untouched) touch(containers[number] as Container, sizes, touched);
    (sizes[number] as number) += (ends[item] as number) - (starts[item] as number);
  }
  for (let position = touched.length - 1; position > 0; position--) {
    const child = touched[position] as Container;
    const size = sizes[child.number] as number;
    (sizes[(child.parent as Container).number] as number) += varintSize(child.tag) + varintSize(size) + size;
  }
}

function touch(container: Container, sizes: Float64Array, touched: Container[]): void {
  const { parent } = container;
  if (parent !== undefined && sizes[parent.number] === untouched) touch(parent, sizes, touched);
  sizes[container.number] = container.restBytes;
  touched.push(container);
}

/** Writes one piece, whose sizes have been measured. */
function write(
  body: Uint8Array,
  out: Uint8Array,
  index: ItemIndex,
  items: Int32Array,
  from: number,
  to: number,
  sizes: Float64Array,
): void {
  const { containers, starts, ends, parents } = index;
  /** The containers that are open, from the request inwards, and how much of the rest of each has been written. */
  const open: Container[] = [];
  const restDone: number[] = [];
  let at = 0;
  // What lies side by side in the original is copied in one go.
  let runStart = 0;
  let runEnd = 0;

  const flush = (): void => {
    if (runEnd === runStart) return;
    out.set(body.subarray(runStart, runEnd), at);
    at += runEnd - runStart;
    runStart = runEnd;
  };
  const copy = (start: number, end: number): void => {
    if (start !== runEnd) {
      flush();
      runStart = start;
    }
    runEnd = end;
  };
  const copyRest = (depth: number, before: number): void => {
    const { rest } = open[depth] as Container;
    let next = restDone[depth] as number;
    for (; next < rest.length && (rest[next] as number) < before; next += 2) {
      copy(rest[next] as number, rest[next + 1] as number);
    }
    restDone[depth] = next;
  };
  const close = (): void => {
    copyRest(open.length - 1, Infinity);
    open.pop();
    restDone.pop();
  };
  const enter = (container: Container): void => {
    const { parent } = container;
    if (parent !== undefined) {
      if (open[parent.depth] !== parent) enter(parent);
      while (open.length > container.depth) close();
      copyRest(parent.depth, container.start);
      flush();
      at = writeVarint(out, at, container.tag);
      at = writeVarint(out, at, sizes[container.number] as number);
    }
    open.push(container);
    restDone.push(0);
  };

  let current = -1;
  for (let position = from; position < to; position++) {
    const item = items[position] as number;
    const number = parents[item] as number;
    if (number !== current) {
      enter(containers[number] as Container);
      current = number;
    }
    const start = starts[item] as number;
    copyRest(open.length - 1, start);
    copy(start, ends[item] as number);
  }
  while (open.length > 0) close();
  flush();
}
