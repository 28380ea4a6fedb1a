import type { Batch } from "./batch.ts";
import type { Endpoint } from "./endpoint.ts";

/** An endpoint that may be picked now, and how it is doing. The same object stands for it as long as it is known. */
export interface Candidate {
  readonly endpoint: Endpoint;
  /** `endpoint.id`, or its URL. */
  readonly id: string;
  /** Its share at the moment: what the endpoint says, lowered while it starts slowly. */
  readonly weight: number;
  /** Attempts under way. */
  readonly inFlight: number;
  /** Peak-sensitive moving average of how long an attempt takes, in ms; `undefined` before the first answer. */
  readonly latencyMs: number | undefined;
}

/** Chooses among endpoints: in turn, by weight, by key, by load. */
export interface Balancer {
  /** Names it in messages and metrics: "round-robin". */
  readonly name: string;
  /**
   * Chooses one of `candidates`, which are sorted by id and fit to be picked; the array is the same object as long as
   * its members and their weights are. Never waits, never sends. `undefined` when there is none.
   */
  pick(candidates: readonly Candidate[], batch: Batch): Candidate | undefined;
}
