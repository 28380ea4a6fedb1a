import type { Batch } from "./batch.ts";
import type { Endpoint } from "./endpoint.ts";

/** An endpoint that may be picked now, and how it is doing. The same object stands for it as long as it is known. */
export interface Candidate {
  readonly endpoint: Endpoint;
  /** `endpoint.id`, or its URL. */
  readonly id: string;
  /** Its share at the moment: what the endpoint says, lowered while it starts slowly. 0 only where all have 0. */
  readonly weight: number;
  /** Attempts under way. */
  readonly inFlight: number;
  /**
   * Peak-sensitive moving average of how long an attempt takes, in ms; it fades while nothing is sent there. `undefined`
   * before the first answer.
   */
  readonly latencyMs: number | undefined;
}

/** Chooses among endpoints: in turn, by weight, by key, by load. */
export interface Balancer {
  /** Names it in messages and metrics: "round-robin". */
  readonly name: string;
  /**
   * Chooses one of `candidates`, which are sorted by id and fit to be picked; the array is the same object as long as
   * its members and their weights are. After a failed attempt it is asked again with a shorter list, without those that
   * were tried. Never waits, never sends. `undefined` when there is none.
   */
  pick(candidates: readonly Candidate[], batch: Batch): Candidate | undefined;
  /**
   * Cuts a batch by whom its items are to go to, where items that have something in common belong together: one batch
   * for each candidate that is to get some, each item in exactly one of them; empty when there are no candidates. Absent
   * where any endpoint may take any item, and a batch goes whole to whom `pick` chooses.
   *
   * @throws ExportError "unsupported" when the batch cannot be read, such as a compressed one.
   */
  split?(candidates: readonly Candidate[], batch: Batch): ReadonlyMap<Candidate, Batch>;
}
