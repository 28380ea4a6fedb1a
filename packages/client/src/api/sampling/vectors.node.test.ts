import { ROOT_CONTEXT, type Sampler, SamplingDecision, SpanKind, trace, type TraceState } from "@opentelemetry/api";
import { goldenVector } from "@otlpkit/testkit/node";
import { describe, expect, it } from "vitest";
import {
  adjustedCountOf,
  alwaysOn,
  type DownstreamVerdict,
  equalizing,
  parentBased,
  probability,
  probabilityOf,
  proportional,
  thresholdOf,
} from "../index.ts";
import { parseTraceState } from "../propagation/trace-state.ts";
import { otState } from "./ot-state.ts";

type Row = Readonly<Record<string, string>>;

function rowsOf(file: string): Row[] {
  const [head = "", ...lines] = goldenVector(file).trimEnd().split("\n");
  const columns = head.split("\t");
  return lines.map((line) =>
    Object.fromEntries(line.split("\t").map((cell, index) => [columns[index] as string, cell])),
  );
}

describe("thresholds of consistent sampling (N2-05 to N2-07)", () => {
  it.each(rowsOf("sampling-thresholds.tsv"))("$probability with $precision digits is $th", (row) => {
    const threshold = thresholdOf(Number(row["probability"]), Number(row["precision"]));
    expect(threshold).toBe(row["th"]);
    expect(BigInt(`0x${threshold.padEnd(14, "0")}`)).toBe(BigInt(row["threshold_u56"] as string));
    expect(probabilityOf(threshold)).toBeCloseTo(Number(row["actual_probability"]), 15);
    expect(adjustedCountOf(threshold) / Number(row["adjusted_count"])).toBeCloseTo(1, 9);
  });
});

describe("decisions of consistent sampling (N2-01 to N2-20)", () => {
  const rows = rowsOf("sampling-decisions.tsv");
  const readers = rows.filter(({ sampler }) => sampler === "any reader");
  const deciders = rows.filter((row) => !readers.includes(row));

  it.each(deciders)("$sampler on $trace_id with $tracestate_in: $sampled $ot_out ($note)", (row) => {
    const { trace_id: traceId = "", sampled = "", ot_out: expected = "" } = row;
    const { kept, traceState } = decide(row["sampler"] as string, traceId, parseTraceState(row["tracestate_in"] ?? ""));
    expect(kept).toBe(sampled === "True");
    const ot = traceState?.get("ot") ?? "";
    // What stands in brackets, or after the pairs, is a remark.
    expect(ot).toBe(expected.startsWith("(") ? "" : expected.split(" ")[0]);
    if (expected.includes("vendor entry kept")) expect(traceState?.serialize()).toBe(`ot=${ot},vendor=1`);
  });

  it.each(readers)("a reader takes $tracestate_in for absent ($note)", (row) => {
    const { threshold, pairs } = otState(parseTraceState(row["tracestate_in"] ?? ""));
    expect({ threshold, pairs }).toEqual({ threshold: undefined, pairs: [] });
  });
});

interface Decided {
  readonly kept: boolean;
  readonly traceState: TraceState | undefined;
}

function decide(name: string, traceId: string, traceState: TraceState | undefined): Decided {
  const stage = stages[name];
  if (stage !== undefined) return { traceState: undefined, ...stage({ traceId, traceState }) };
  const traceFlags = name.includes("NOT sampled") ? 2 : 3;
  const parent = { traceId, spanId: "00f067aa0ba902b7", traceFlags, isRemote: true, ...(traceState && { traceState }) };
  const context = trace.setSpanContext(ROOT_CONTEXT, parent);
  const result = samplerFor(name).shouldSample(context, traceId, "operation", SpanKind.INTERNAL, {}, []);
  return {
    kept: result.decision === SamplingDecision.RECORD_AND_SAMPLED,
    traceState: result.traceState ?? traceState,
  };
}

const stages: Readonly<
  Record<string, (span: { traceId: string; traceState: TraceState | undefined }) => DownstreamVerdict>
> = {
  "downstream equalizing T_d=8": equalizing(0.5),
  "downstream proportional p=0.5": proportional(0.5),
};

function samplerFor(name: string): Sampler {
  if (name === "threshold:fd70a4") return probability(0.01, { precision: 5 });
  if (name.startsWith("probability:")) return probability(Number(name.slice("probability:".length)));
  expect(name).toMatch(/^parent-based, parent/);
  return parentBased({ root: alwaysOn() });
}
