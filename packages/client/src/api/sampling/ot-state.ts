import { diag, type TraceState } from "@opentelemetry/api";
import { traceStateOf } from "../propagation/trace-state.ts";
import { thresholdDigits } from "./threshold.ts";

/** What OpenTelemetry keeps in its own entry of a `tracestate`: `ot=th:c;rv:6e6d1a75832a2f` (N2-08). */
export interface OtState {
  /** The rejection threshold that the parent was sampled with, as it stands there. */
  readonly threshold: string | undefined;
  /** Randomness that stands in for that of the trace id: 14 hex digits. */
  readonly randomness: string | undefined;
  /** All `key:value` pairs in their order, but for a `th` or `rv` that is not right. */
  readonly pairs: readonly string[];
}

const entry = "ot";
const maxLength = 256;
const validThreshold = /^[0-9a-f]{1,14}$/;
const validRandomness = /^[0-9a-f]{14}$/;
const validPair = /^[a-z][a-z0-9]*:[-A-Za-z0-9._]*$/;

const nothing: OtState = { threshold: undefined, randomness: undefined, pairs: [] };

/** Reads the entry. A `th` or `rv` that is not right counts as absent (N2-03, N2-04); an entry that is none is passed over. */
export function otState(traceState: TraceState | undefined): OtState {
  const text = traceState?.get(entry);
  if (text === undefined) return nothing;
  const pairs = text.split(";");
  const keys = new Set(pairs.map(keyOf));
  if (!pairs.every((pair) => validPair.test(pair)) || keys.size !== pairs.length) return nothing;
  const valueOf = (key: string, valid: RegExp): string | undefined => {
    const value = pairs.find((pair) => keyOf(pair) === key)?.slice(key.length + 1);
    return value !== undefined && valid.test(value) ? value : undefined;
  };
  const threshold = valueOf("th", validThreshold);
  const randomness = valueOf("rv", validRandomness);
  const isRight = (pair: string): boolean =>
    (threshold !== undefined || keyOf(pair) !== "th") && (randomness !== undefined || keyOf(pair) !== "rv");
  return { threshold, randomness, pairs: pairs.filter(isRight) };
}

/** The randomness of a trace: the explicit one, else the last 7 bytes of the trace id (N2-02). */
export function randomnessOf(traceId: string, { randomness }: OtState): string {
  return randomness ?? traceId.slice(-thresholdDigits);
}

/**
 * The trace state with another threshold, or without one. The rest of the entry and the entries of others stay as they are
 * (N2-09). Undefined: there was no trace state, and there is none.
 */
export function withThreshold(
  traceState: TraceState | undefined,
  threshold: string | undefined,
): TraceState | undefined {
  if (traceState === undefined && threshold === undefined) return undefined;
  const value = changed(otState(traceState).pairs, threshold);
  if (value === (traceState?.get(entry) ?? "")) return traceState;
  if (value === "") return traceState?.unset(entry);
  if (value.length > maxLength) {
    diag.warn("cannot put the sampling threshold into tracestate: its ot entry would exceed 256 characters");
    return traceState;
  }
  return traceState?.set(entry, value) ?? traceStateOf(entry, value);
}

function changed(pairs: readonly string[], threshold: string | undefined): string {
  if (threshold === undefined) return pairs.filter((pair) => keyOf(pair) !== "th").join(";");
  const own = `th:${threshold}`;
  const present = pairs.some((pair) => keyOf(pair) === "th");
  return (present ? pairs.map((pair) => (keyOf(pair) === "th" ? own : pair)) : [...pairs, own]).join(";");
}

function keyOf(pair: string): string {
  return pair.slice(0, pair.indexOf(":"));
}
