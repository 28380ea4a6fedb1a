import { expect, it } from "vitest";
import { type InstrumentKind, temporalityOf, temporalityPreferences } from "./temporality.ts";

it.each<[InstrumentKind, string, string, string]>([
  ["COUNTER", "cumulative", "delta", "delta"],
  ["OBSERVABLE_COUNTER", "cumulative", "delta", "cumulative"],
  ["HISTOGRAM", "cumulative", "delta", "delta"],
  ["UP_DOWN_COUNTER", "cumulative", "cumulative", "cumulative"],
  ["OBSERVABLE_UP_DOWN_COUNTER", "cumulative", "cumulative", "cumulative"],
  ["GAUGE", "cumulative", "delta", "cumulative"],
  ["OBSERVABLE_GAUGE", "cumulative", "delta", "cumulative"],
])("%s is %s by preference cumulative, %s by delta, %s by lowmemory (I-31, I-32)", (kind, ...expected) => {
  expect(temporalityPreferences.map((preference) => temporalityOf(preference, kind))).toEqual(expected);
});
