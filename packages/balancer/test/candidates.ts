import type { Candidate, Endpoint } from "@otlpkit/core";

/** A candidate whose state a test changes. */
export type TestCandidate = { -readonly [Key in keyof Candidate]: Candidate[Key] };

/** Candidates named n000, n001 … with these weights. */
export function candidatesOf(weights: readonly number[], more: Partial<Endpoint> = {}): TestCandidate[] {
  return weights.map((weight, index) => candidate(`n${String(index).padStart(3, "0")}`, { ...more, weight }));
}

export function candidate(id: string, more: Partial<Endpoint> = {}): TestCandidate {
  const endpoint: Endpoint = { url: `http://${id}:4317`, id, ...more };
  return { endpoint, id, weight: endpoint.weight ?? 1, inFlight: 0, latencyMs: undefined };
}
