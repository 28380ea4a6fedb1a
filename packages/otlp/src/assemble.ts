import type { Container, ItemIndex } from "./item-index.ts";
import { roomFor } from "./room.ts";
import { type PieceOf, type Runs, runsOf } from "./runs.ts";
import { varintSize, writeVarint } from "./wire.ts";

/**
 * Writes requests of chosen items. Around its items each piece gets the same containers with everything else that is in
 * them, byte for byte and in the same order; containers that would be empty are left out. Returns the bodies, a piece
 * without items being an empty one.
 */
export function assemble(body: Uint8Array, index: ItemIndex, pieceOf: PieceOf, pieces: number): Uint8Array[] {
  const runs = runsOf(index, pieceOf, pieces);
  const sizes = Array<number>(index.containers.length).fill(untouched);
  const touched: Container[] = [];
  const room = roomFor(pieces === 1 ? 0 : body.length);
  const write = pieceWriter(body, index.containers, runs, sizes);
  const bodies: Uint8Array[] = [];
  for (let piece = 0; piece < pieces; piece++) {
    const first = runs.from[piece] as number;
    const end = runs.from[piece + 1] as number;
    measure(index.containers, runs, first, end, sizes, touched);
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

/** Fills in the content size of every container that a piece has, and lists them, parents before children. */
function measure(
  containers: readonly Container[],
  { starts, ends, parents }: Runs,
  first: number,
  end: number,
  sizes: number[],
  touched: Container[],
): void {
  for (let run = first; run < end; run++) {
    const number = parents[run] as number;
    if (sizes[number] === untouched) touch(containers[number] as Container, sizes, touched);
    (sizes[number] as number) += (ends[run] as number) - (starts[run] as number);
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
  containers: readonly Container[],
  { starts, ends, parents }: Runs,
  sizes: readonly number[],
): (out: Uint8Array, first: number, end: number) => void {
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
    for (let run = first; run < end; run++) {
      const container = containers[parents[run] as number] as Container;
      if (open[container.depth] !== container) enter(container);
      const start = starts[run] as number;
      copyRest(container.depth, start);
      copy(start, ends[run] as number);
    }
    while (open.length > 0) close();
    flush();
  };
}
