import type { Comparison } from "./measure.ts";

/** What a benchmark found, ready for the table: how many times cheaper, or how much. */
export type Finding = RatioFinding | AmountFinding;

/** The same work done by both sides, and how many times cheaper ours is. */
export interface RatioFinding {
  /** The goal's id: "B1". */
  readonly id: string;
  /** What was done, in a few words. */
  readonly work: string;
  /** What it was compared with. */
  readonly peer: string;
  /** The least ratio wanted; 0 for orientation. */
  readonly goal: number;
  /** Which of the two ratios the goal is about. */
  readonly by: "cpu" | "wall";
  readonly comparison: Comparison;
  /** Items in one unit of work, to say what one item costs. */
  readonly items: number;
  /** A sentence for the reader, when the row needs one. */
  readonly note?: string;
}

/** An amount of something on both sides. */
export interface AmountFinding {
  readonly id: string;
  readonly work: string;
  readonly peer: string;
  /** What both amounts are in: "B a span", "ms". */
  readonly unit: string;
  /** Median. */
  readonly ours: number;
  /** Median. */
  readonly theirs: number;
  /** Smallest and largest of ours. */
  readonly spread: readonly [number, number];
  /** What is wanted of ours. */
  readonly goal: { readonly atMost: number } | { readonly atLeast: number };
  readonly note?: string;
}

/** A benchmark: checks that both sides do the same work correctly, then measures them in turn. */
export interface Bench {
  /** Chosen by pattern from the command line: "C1 unary gRPC, big". */
  readonly name: string;
  run(): Promise<readonly Finding[]>;
}
