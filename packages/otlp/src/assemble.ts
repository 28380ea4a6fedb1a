import type { Container, ItemIndex } from "./item-index.ts";
import { varintSize, writeVarint } from "./wire.ts";

/** Which piece each item goes to, -1 being none. */
export type PieceOf = readonly number[];

/**
 * Writes requests of chosen items. Around its items each piece gets the same containers with everything else that is in
 * them, byte for byte and in the same order; containers that would be empty are left out. Returns the bodies, a piece
 * without items being an empty one.
 */
export function assemble(body: Uint8Array, index: ItemIndex, pieceOf: PieceOf, pieces: number): Uint8Array[] {
  const { from, items } = groupByPiece(pieceOf, pieces);
  const sizes = Array<number>(index.containers.length).fill(untouched);
  const touched: Container[] = [];
  const room = roomFor(pieces === 1 ? 0 : body.length);
  const write = pieceWriter(body, index, items, sizes);
  const bodies: Uint8Array[] = [];
  for (let piece = 0; piece < pieces; piece++) {
    const first = from[piece] as number;
    const end = from[piece + 1] as number;
    measure(index, items, first, end, sizes, touched);
    const out = room(first === end ? 0 : (sizes[0] as number));
    write(out, first, end);
    bodies.push(out);
    for (const container of touched) sizes[container.number] = untouched;
    touched.length = 0;
  }
  return bodies;
}

/** The size of a container that the piece in hand has nothing of. */
const untouched = -1;

const maxSharedBytes = 64 * 1024;

/**
 * Gives out memory. Allocating costs more than filling a small piece, so pieces share blocks of up to 64 KiB; whoever
 * holds on to a piece holds on to no more than that. `expectedBytes` is what the pieces will take together, about.
 */
function roomFor(expectedBytes: number): (bytes: number) => Uint8Array {
  let block = new Uint8Array(0);
  let used = 0;
  let expected = expectedBytes;
  return (bytes) => {
    if (bytes > maxSharedBytes / 2) return new Uint8Array(bytes);
    if (bytes > block.length - used) {
      block = new Uint8Array(Math.max(bytes, Math.min(maxSharedBytes, expected)));
      expected -= block.length;
      used = 0;
    }
    used += bytes;
    return block.subarray(used - bytes, used);
  };
}

/** The numbers of the items, piece by piece, in order within each; `from[piece]` is where those of a piece begin. */
function groupByPiece(pieceOf: PieceOf, pieces: number): { from: number[]; items: number[] } {
  const from = Array<number>(pieces + 1).fill(0);
  for (let item = 0; item < pieceOf.length; item++) {
    const piece = pieceOf[item] as number;
    if (piece >= 0) (from[piece + 1] as number)++;
  }
  for (let piece = 0; piece < pieces; piece++) (from[piece + 1] as number) += from[piece] as number;
  const next = from.slice();
  const items = Array<number>(from[pieces] as number).fill(0);
  for (let item = 0; item < pieceOf.length; item++) {
    const piece = pieceOf[item] as number;
    if (piece >= 0) items[(next[piece] as number)++] = item;
  }
  return { from, items };
}

/** Fills in the content size of every container that a piece has, and lists them, parents before children. */
function measure(
  index: ItemIndex,
  items: readonly number[],
  first: number,
  end: number,
  sizes: number[],
  touched: Container[],
): void {
  const { containers, starts, ends, parents } = index;
  for (let position = first; position < end; position++) {
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

function touch(container: Container, sizes: number[], touched: Container[]): void {
  const { parent } = container;
  if (parent !== undefined && sizes[parent.number] === untouched) touch(parent, sizes, touched);
  sizes[container.number] = container.restBytes;
  touched.push(container);
}

/** Writes pieces whose sizes have been measured, one after the other. */
function pieceWriter(
  body: Uint8Array,
  index: ItemIndex,
  items: readonly number[],
  sizes: readonly number[],
): (out: Uint8Array, first: number, end: number) => void {
  const { containers, starts, ends, parents } = index;
  /** The containers that are open, from the request inwards, and how much of the rest of each has been written. */
  const open: Container[] = [];
  const restDone: number[] = [];
  let out = body;
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

  return (piece, first, end) => {
    out = piece;
    at = 0;
    runStart = 0;
    runEnd = 0;
    let current = -1;
    /** Where the rest of the current container goes on, which is seldom between two items. */
    let nextRest = Infinity;
    for (let position = first; position < end; position++) {
      const item = items[position] as number;
      const start = starts[item] as number;
      const number = parents[item] as number;
      if (number !== current) {
        enter(containers[number] as Container);
        current = number;
        nextRest = -1;
      }
      if (nextRest < start) {
        const depth = open.length - 1;
        copyRest(depth, start);
        nextRest = (open[depth] as Container).rest[restDone[depth] as number] ?? Infinity;
      }
      if (start === runEnd) {
        runEnd = ends[item] as number;
      } else {
        flush();
        runStart = start;
        runEnd = ends[item] as number;
      }
    }
    while (open.length > 0) close();
    flush();
  };
}
