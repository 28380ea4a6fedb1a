import type { Comparison } from "./measure.ts";

/** What a benchmark found, ready for the table. */
export interface Finding {
  /** The goal's id: "B1". */
  readonly id: string;
  /** What was done, in a few words. */
  readonly work: string;
  /** What it was compared with. */
  readonly peer: string;
  /** The least ratio wanted. */
  readonly goal: number;
  /** Which of the two ratios the goal is about. */
  readonly by: "cpu" | "wall";
  readonly comparison: Comparison;
  /** Items in one unit of work, to say what one item costs. */
  readonly items: number;
  /** A sentence for the reader, when the row needs one. */
  readonly note?: string;
}

/** A benchmark: checks that both sides do the same work correctly, then measures them in turn. */
export interface Bench {
  /** Chosen by pattern from the command line: "C1 unary gRPC, big". */
  readonly name: string;
  run(): Promise<readonly Finding[]>;
}
