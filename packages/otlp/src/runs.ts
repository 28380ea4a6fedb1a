import type { ItemIndex } from "./item-index.ts";

/** Which piece each item goes to, -1 being none. */
export type PieceOf = readonly number[];

/**
 * What goes into pieces, as stretches of bytes: neighbours in one container that go to the same piece are one run, for
 * the items of a trace mostly come together. Piece by piece, in order within each.
 */
export interface Runs {
  /** `from[piece]` is where the runs of a piece begin; they end where those of the next begin. */
  readonly from: readonly number[];
  /** For each run: where it begins and ends, and which container it is in. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly parents: readonly number[];
}

/** Finds the runs that `pieceOf` makes of the items. */
export function runsOf({ starts, ends, parents }: ItemIndex, pieceOf: PieceOf, pieces: number): Runs {
  /** The first item of each run, and the one after the last. */
  const firsts: number[] = [];
  const afters: number[] = [];
  const from = Array<number>(pieces + 1).fill(0);
  for (let item = 0; item < pieceOf.length;) {
    const first = item;
    const piece = pieceOf[first] as number;
    const parent = parents[first] as number;
    do item++;
    while (pieceOf[item] === piece && parents[item] === parent && starts[item] === ends[item - 1]);
    if (piece < 0) continue;
    firsts.push(first);
    afters.push(item);
    (from[piece + 1] as number)++;
  }
  for (let piece = 0; piece < pieces; piece++) (from[piece + 1] as number) += from[piece] as number;

  const next = from.slice();
  const sorted = { from, starts: zeros(firsts), ends: zeros(firsts), parents: zeros(firsts) };
  for (let run = 0; run < firsts.length; run++) {
    const first = firsts[run] as number;
    const place = (next[pieceOf[first] as number] as number)++;
    sorted.starts[place] = starts[first] as number;
    sorted.ends[place] = ends[(afters[run] as number) - 1] as number;
    sorted.parents[place] = parents[first] as number;
  }
  return sorted;
}

function zeros({ length }: readonly number[]): number[] {
  return Array<number>(length).fill(0);
}
