import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  type SpanContext,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { alwaysOff, alwaysOn, parentBased, probability, samplerOf, thresholdOf, traceIdRatioBased } from "../index.ts";
import { sixteenBytesAsHex } from "../trace/hex.ts";
import { type FillRandom, randomIds } from "../trace/ids.ts";
import { parseTraceState } from "../propagation/trace-state.ts";

const traceIds = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => sixteenBytesAsHex(bytes, 0))
  .filter((id) => !/^0+$/.test(id));
const shares = fc.oneof(fc.double({ min: 2 ** -56, max: 1, noNaN: true }), fc.constantFrom(1, 0.5, 2 ** -56, 2 ** -40));
const spanId = "00f067aa0ba902b7";
const someTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

function ask(sampler: Sampler, traceId: string, parent?: Partial<SpanContext>): SamplingResult {
  const spanContext = { traceId, spanId, traceFlags: 2, isRemote: true, ...parent };
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
  return sampler.shouldSample(context, traceId, "operation", SpanKind.SERVER, {}, []);
}

function keeps(sampler: Sampler, traceId: string, parent?: Partial<SpanContext>): boolean {
  return ask(sampler, traceId, parent).decision === SamplingDecision.RECORD_AND_SAMPLED;
}

/** Bytes that look random and are always the same. */
function seededBytes(seed: number): FillRandom {
  let state = seed;
  return (bytes) => {
    for (let index = 0; index < bytes.length; index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[index] = state >>> 24;
    }
  };
}

function stateOf(text: string): Pick<SpanContext, "traceState"> {
  const traceState = parseTraceState(text);
  expect(traceState).toBeDefined();
  return traceState ? { traceState } : {};
}

function warnings(): string[] {
  const said: string[] = [];
  const ignore = (): void => {};
  const warn = (message: string): void => void said.push(message);
  diag.setLogger({ warn, error: ignore, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  return said;
}

afterEach(() => diag.disable());

describe.each([
  ["probability", (share: number) => probability(share)],
  ["traceIdRatioBased", traceIdRatioBased],
])("%s", (_, sampler) => {
  it("keeps with a higher share all that it keeps with a lower one (N2-22)", () => {
    fc.assert(
      fc.property(traceIds, shares, shares, (traceId, one, other) => {
        const [lower, higher] = [sampler(Math.min(one, other)), sampler(Math.max(one, other))];
        expect(keeps(lower, traceId) && !keeps(higher, traceId)).toBe(false);
      }),
    );
  });

  it("decides the same for every span of a trace, whatever the parent was", () => {
    fc.assert(
      fc.property(traceIds, shares, fc.constantFrom(0, 1, 2, 3), (traceId, share, traceFlags) => {
        expect(keeps(sampler(share), traceId, { traceFlags })).toBe(keeps(sampler(share), traceId));
      }),
    );
  });

  it("keeps about its share", () => {
    const generator = randomIds(seededBytes(7));
    const ids = Array.from({ length: 20_000 }, () => generator.generateTraceId());
    for (const share of [0.05, 0.5, 0.9]) {
      const kept = ids.filter((traceId) => keeps(sampler(share), traceId)).length;
      expect(kept / ids.length).toBeGreaterThan(share - 0.015);
      expect(kept / ids.length).toBeLessThan(share + 0.015);
    }
  });

  it("keeps everything with a share of 1", () => {
    fc.assert(fc.property(traceIds, (traceId) => keeps(sampler(1), traceId)));
  });

  it("refuses what is no share", () => {
    for (const share of [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => sampler(share)).toThrow(RangeError);
    }
  });

  it("says once that it decides for spans of others on what it cannot know", () => {
    const said = warnings();
    const one = sampler(0.5);
    for (let times = 0; times < 3; times++) ask(one, someTrace);
    expect(said).toHaveLength(0);
    for (let times = 0; times < 3; times++) ask(one, someTrace, { traceFlags: 1 });
    expect(said).toHaveLength(1);
  });
});

describe("probability", () => {
  it("tells with which threshold a trace was kept, and does so for no other", () => {
    fc.assert(
      fc.property(traceIds, shares, (traceId, share) => {
        const { decision, traceState } = ask(probability(share), traceId);
        const kept = decision === SamplingDecision.RECORD_AND_SAMPLED;
        expect(traceState?.serialize()).toBe(kept ? `ot=th:${thresholdOf(share)}` : undefined);
      }),
    );
  });

  it("writes thresholds that come nearer to the probability with more digits", () => {
    fc.assert(
      fc.property(shares, (share) => {
        for (let precision = 1; precision <= 13; precision++) {
          expect(thresholdOf(share, precision)).toMatch(/^(0|[0-9a-f]{0,13}[1-9a-f])$/);
        }
        const kept = 1 - Number.parseInt(thresholdOf(share, 12).padEnd(14, "0"), 16) / 2 ** 56;
        expect(Math.abs(kept - share)).toBeLessThanOrEqual(2 ** -48);
      }),
    );
  });

  it("leaves a tracestate alone that has no room for its threshold, and says so (N2-10)", () => {
    const said = warnings();
    const full = stateOf(`ot=${"k:".padEnd(254, "v")}`);
    const { decision, traceState = full.traceState } = ask(probability(1), someTrace, full);
    expect(decision).toBe(SamplingDecision.RECORD_AND_SAMPLED);
    expect(traceState).toBe(full.traceState);
    expect(said).toEqual([expect.stringContaining("256")]);
  });

  it("refuses 0, which is no probability, and says what to use", () => {
    expect(() => probability(0)).toThrow(/alwaysOff/);
    expect(() => probability(0.5, { precision: 14 })).toThrow(RangeError);
  });

  it("does not warn of a parent that vouches for its ids", () => {
    const said = warnings();
    ask(probability(0.5), someTrace, { traceFlags: 3 });
    ask(probability(0.5), someTrace, { traceFlags: 1, ...stateOf("ot=rv:ffffffffffffff") });
    expect(said).toHaveLength(0);
  });
});

describe("alwaysOn and alwaysOff", () => {
  it("keep everything and nothing", () => {
    fc.assert(
      fc.property(traceIds, fc.constantFrom(0, 1, 2, 3), (traceId, traceFlags) => {
        expect(keeps(alwaysOn(), traceId, { traceFlags })).toBe(true);
        expect(keeps(alwaysOff(), traceId, { traceFlags })).toBe(false);
      }),
    );
  });

  it("do not let a threshold stand that no longer holds", () => {
    expect(ask(alwaysOn(), someTrace, stateOf("ot=th:8,vendor=1")).traceState?.serialize()).toBe("ot=th:0,vendor=1");
    expect(ask(alwaysOff(), someTrace, stateOf("ot=th:8,vendor=1")).traceState?.serialize()).toBe("vendor=1");
  });

  it("leave other tracestates alone", () => {
    expect(ask(alwaysOn(), someTrace, stateOf("vendor=1")).traceState).toBeUndefined();
    expect(ask(alwaysOff(), someTrace, stateOf("ot=rv:ffffffffffffff")).traceState).toBeUndefined();
  });
});

describe("parentBased", () => {
  const asked: string[] = [];
  const named = (name: string): Sampler => ({
    shouldSample: () => (asked.push(name), { decision: SamplingDecision.NOT_RECORD }),
    toString: () => name,
  });
  const arms = {
    root: named("root"),
    remoteParentSampled: named("remote sampled"),
    remoteParentNotSampled: named("remote not sampled"),
    localParentSampled: named("local sampled"),
    localParentNotSampled: named("local not sampled"),
  };

  it.each([
    ["root", undefined],
    ["root", { traceId: "0".repeat(32) }],
    ["remote sampled", { traceFlags: 3, isRemote: true }],
    ["remote not sampled", { traceFlags: 2, isRemote: true }],
    ["local sampled", { traceFlags: 1, isRemote: false }],
    ["local not sampled", { traceFlags: 0, isRemote: false }],
  ])("asks %s for a parent of %o", (name, parent) => {
    asked.length = 0;
    ask(parentBased(arms), someTrace, parent);
    expect(asked).toEqual([name]);
  });

  it("does as the parent did when nobody says otherwise", () => {
    const sampler = parentBased({ root: alwaysOff() });
    for (const isRemote of [true, false]) {
      expect(keeps(sampler, someTrace, { traceFlags: 1, isRemote })).toBe(true);
      expect(keeps(sampler, someTrace, { traceFlags: 0, isRemote })).toBe(false);
    }
    expect(keeps(sampler, someTrace)).toBe(false);
    expect(keeps(parentBased({ root: alwaysOn() }), someTrace)).toBe(true);
  });

  it("says what it is made of", () => {
    expect(parentBased({ root: probability(0.25), localParentSampled: traceIdRatioBased(0.5) }).toString()).toBe(
      "ParentBased{root=ProbabilitySampler{0.25}, remoteParentSampled=AlwaysOnSampler, remoteParentNotSampled=AlwaysOffSampler, localParentSampled=TraceIdRatioBased{0.5}, localParentNotSampled=AlwaysOffSampler}",
    );
  });
});

describe("samplerOf", () => {
  it.each([
    ["always_on", undefined, "AlwaysOnSampler"],
    ["always_off", undefined, "AlwaysOffSampler"],
    ["traceidratio", "0.25", "TraceIdRatioBased{0.25}"],
    ["traceidratio", undefined, "TraceIdRatioBased{1}"],
    ["traceidratio", "0", "TraceIdRatioBased{0}"],
    ["probability", "0.25", "ProbabilitySampler{0.25}"],
    ["probability", "0", "AlwaysOffSampler"],
    ["parentbased_always_on", undefined, "ParentBased{root=AlwaysOnSampler,"],
    ["parentbased_always_off", undefined, "ParentBased{root=AlwaysOffSampler,"],
    ["parentbased_traceidratio", "0.5", "ParentBased{root=TraceIdRatioBased{0.5},"],
    ["parentbased_probability", " ", "ParentBased{root=ProbabilitySampler{1},"],
  ])("knows %s with %s (I-39)", (name, argument, described) => {
    expect(samplerOf(name, argument).toString()).toContain(described);
  });

  it("refuses names and ratios that are none, and says which are", () => {
    expect(() => samplerOf("sometimes")).toThrow(/always_on/);
    expect(() => samplerOf("toString")).toThrow(RangeError);
    expect(() => samplerOf("traceidratio", "half")).toThrow(RangeError);
    expect(() => samplerOf("parentbased_probability", "2")).toThrow(RangeError);
  });
});
