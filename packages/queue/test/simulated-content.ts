import type { Random } from "./random.ts";

const sectorBytes = 512;

type Change =
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly length: number };

/** How a power cut treats what was not synced. */
export type Outcome = "nothing lasts" | "everything lasts" | "the first changes last" | "any sectors last";

export const outcomes: readonly Outcome[] = [
  "nothing lasts",
  "everything lasts",
  "the first changes last",
  "any sectors last",
];

/** The bytes of one file: as programs see them, and as the disk has them for certain. */
export interface SimulatedContent {
  /** What a program reads: every change, in order. */
  seen(): Uint8Array;
  change(change: Change): void;
  /** Remembers this moment; what it returns makes everything up to it last, whatever has been changed since. */
  beginSync(): () => void;
  /**
   * A sync that failed: some of the changes last; the others never will, though programs still see them and the next sync
   * says that all is well. That is what Linux does.
   */
  failSync(random: Random): void;
  /** Changes one bit, on the disk and in memory alike. */
  flip(offset: number, bit: number): void;
  /** What is found after a power cut now. Ask as often as you like. */
  afterPowerCut(random: Random, outcome: Outcome): SimulatedContent;
  copy(): SimulatedContent;
}

export function simulatedContent(start: Uint8Array = new Uint8Array(0)): SimulatedContent {
  return content({ seen: start, lasting: start, changes: [] });
}

interface State {
  seen: Uint8Array;
  lasting: Uint8Array;
  /** Not synced, and no sync has failed on them. */
  changes: Change[];
}

function content(state: State): SimulatedContent {
  return {
    seen: () => state.seen,
    change(change) {
      state.seen = applied(state.seen, change);
      state.changes.push(change);
    },
    beginSync() {
      const covered = new Set(state.changes);
      return () => {
        for (const change of state.changes) {
          if (covered.has(change)) state.lasting = applied(state.lasting, change);
        }
        state.changes = state.changes.filter((change) => !covered.has(change));
      };
    },
    failSync(random) {
      state.lasting = partly(state.lasting, state.changes, random, random.pick(outcomes));
      state.changes = [];
    },
    flip(offset, bit) {
      for (const bytes of [(state.seen = state.seen.slice()), (state.lasting = state.lasting.slice())]) {
        if (offset < bytes.length) (bytes[offset] as number) ^= 1 << bit;
      }
    },
    afterPowerCut: (random, outcome) => simulatedContent(partly(state.lasting, state.changes, random, outcome)),
    copy: () => content({ ...state, changes: [...state.changes] }),
  };
}

/** Always a new array: those that were handed out stay as they are. */
function applied(bytes: Uint8Array, change: Change): Uint8Array {
  if (change.kind === "truncate") {
    const cut = new Uint8Array(change.length);
    cut.set(bytes.subarray(0, change.length));
    return cut;
  }
  const written = new Uint8Array(Math.max(bytes.length, change.offset + change.bytes.length));
  written.set(bytes);
  written.set(change.bytes, change.offset);
  return written;
}

function partly(lasting: Uint8Array, changes: readonly Change[], random: Random, outcome: Outcome): Uint8Array {
  let found = lasting;
  if (outcome === "nothing lasts") return found;
  if (outcome === "any sectors last") return scattered(lasting, changes, random);
  const whole = outcome === "everything lasts" ? changes.length : random.below(changes.length);
  for (const change of changes.slice(0, whole)) found = applied(found, change);
  const torn = changes[whole];
  if (torn?.kind !== "write") return found;
  return applied(found, { ...torn, bytes: torn.bytes.subarray(0, random.below(torn.bytes.length + 1)) });
}

/** Each sector of each write by itself; the length is that of any moment, and what was not written is zeros or old bytes. */
function scattered(lasting: Uint8Array, changes: readonly Change[], random: Random): Uint8Array {
  let found = lasting;
  const lengths = [lasting.length];
  for (const change of changes) {
    if (change.kind === "truncate") {
      lengths.push(change.length);
      if (random.chance(0.5)) found = applied(found, change);
      continue;
    }
    lengths.push(change.offset + change.bytes.length);
    for (const [start, end] of sectors(change.offset, change.bytes.length)) {
      if (random.chance(0.5)) continue;
      found = applied(found, {
        ...change,
        offset: start,
        bytes: change.bytes.subarray(start - change.offset, end - change.offset),
      });
    }
  }
  const known = found.length;
  const length = Math.max(random.pick(lengths), random.chance(0.5) ? known : 0);
  found = applied(found, { kind: "truncate", length });
  // Blocks that were given to the file and never written may hold what another file left there.
  if (length > known && random.chance(0.3)) found.set(random.bytes(length - known), known);
  return found;
}

function* sectors(offset: number, length: number): Generator<[start: number, end: number]> {
  for (let start = offset; start < offset + length;) {
    const end = Math.min((Math.floor(start / sectorBytes) + 1) * sectorBytes, offset + length);
    yield [start, end];
    start = end;
  }
}
