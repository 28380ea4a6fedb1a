import {
  context,
  createContextKey,
  diag,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  type SpanContext,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { saidWarnings, spanBench } from "../../../test/span-bench.ts";
import { alwaysOff, parentBased, probability, registerGlobals } from "../index.ts";
import { parseTraceState } from "../propagation/trace-state.ts";

const remote: SpanContext = {
  traceId: "12345678901234567890123456789012",
  spanId: "1234567890123456",
  traceFlags: 1,
  isRemote: true,
};

let unregister: () => void;
beforeEach(() => void (unregister = registerGlobals({})));
afterEach(() => {
  unregister();
  diag.disable();
});

describe("a span without a parent", () => {
  it("begins a trace with random ids, and says that they are (N2-13)", () => {
    const { tracer } = spanBench();
    const { traceId, spanId, traceFlags, isRemote } = tracer.startSpan("root").spanContext();
    expect(isSpanContextValid({ traceId, spanId, traceFlags })).toBe(true);
    expect(traceFlags).toBe(3);
    expect(isRemote).toBeUndefined();
    expect(tracer.startSpan("root").spanContext().traceId).not.toBe(traceId);
  });

  it("has the ids of another generator if one is given, and vouches for them only if that does", () => {
    const idGenerator = { generateTraceId: () => "a".repeat(32), generateSpanId: () => "b".repeat(16) };
    expect(spanBench({ idGenerator }).tracer.startSpan("root").spanContext()).toEqual({
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      traceFlags: 1,
    });
    const vouching = { ...idGenerator, randomTraceIds: true };
    expect(spanBench({ idGenerator: vouching }).tracer.startSpan("root").spanContext().traceFlags).toBe(3);
  });

  it("has the same ids again for the same randomness", () => {
    const ids = [0, 1].map(
      () =>
        spanBench({ random: () => 0.5 })
          .tracer.startSpan("root")
          .spanContext().traceId,
    );
    expect(ids).toEqual(["80".repeat(16), "80".repeat(16)]);
  });

  it("is what one becomes whose parent is not valid", () => {
    const { tracer, spans } = spanBench();
    tracer.startSpan("root", {}, trace.setSpanContext(ROOT_CONTEXT, INVALID_SPAN_CONTEXT)).end();
    expect(spans[0]?.parentSpanContext).toBeUndefined();
    expect(isSpanContextValid(spans[0]?.spanContext() as SpanContext)).toBe(true);
  });
});

describe("a span with a parent", () => {
  it("is part of its trace and names it", () => {
    const { tracer, spans } = spanBench();
    const parent = tracer.startSpan("parent");
    tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, parent)).end();
    const [child] = spans;
    expect(child?.parentSpanContext).toEqual(parent.spanContext());
    expect(child?.spanContext().traceId).toBe(parent.spanContext().traceId);
    expect(child?.spanContext().spanId).not.toBe(parent.spanContext().spanId);
  });

  it("takes the one that is active", () => {
    const { tracer, spans } = spanBench();
    tracer.startActiveSpan("parent", (parent) => {
      tracer.startSpan("child").end();
      expect(spans[0]?.parentSpanContext).toEqual(parent.spanContext());
    });
  });

  it("may have it in another process", () => {
    const { tracer, spans } = spanBench();
    tracer.startSpan("child", {}, trace.setSpanContext(ROOT_CONTEXT, remote)).end();
    expect(spans[0]?.parentSpanContext).toEqual(remote);
    expect(spans[0]?.spanContext().isRemote).toBeUndefined();
  });

  it("hands on its tracestate, and whether the ids are random", () => {
    const { tracer } = spanBench();
    const traceState = parseTraceState("vendor=1");
    for (const traceFlags of [1, 3]) {
      const parent = { ...remote, traceFlags, ...(traceState && { traceState }) };
      const child = tracer.startSpan("child", {}, trace.setSpanContext(ROOT_CONTEXT, parent));
      expect(child.spanContext()).toMatchObject({ traceFlags, traceState });
    }
  });

  it("is not recorded when that was not sampled", () => {
    const { tracer, spans } = spanBench();
    const context = trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: 2 });
    const child = tracer.startSpan("child", {}, context);
    expect(child.isRecording()).toBe(false);
    expect(child.spanContext()).toMatchObject({ traceId: remote.traceId, traceFlags: 2 });
    expect(child.spanContext().spanId).not.toBe(remote.spanId);
    child.end();
    expect(spans).toHaveLength(0);
  });

  it("has none if it is to be a root, not even for the sampler", () => {
    let parentOfSampler: unknown = "not asked";
    const sampler: Sampler = {
      shouldSample: (within) => {
        parentOfSampler = trace.getSpan(within);
        return { decision: SamplingDecision.RECORD_AND_SAMPLED };
      },
    };
    const { tracer, spans } = spanBench({ sampler });
    tracer.startSpan("root", { root: true }, trace.setSpanContext(ROOT_CONTEXT, remote)).end();
    expect(parentOfSampler).toBeUndefined();
    expect(spans[0]?.parentSpanContext).toBeUndefined();
    expect(spans[0]?.spanContext().traceId).not.toBe(remote.traceId);
  });
});

describe("startActiveSpan", () => {
  it("makes the span active while the function runs, and gives what that gives", () => {
    const { tracer } = spanBench();
    const given = tracer.startActiveSpan("work", (span) => {
      expect(trace.getActiveSpan()).toBe(span);
      return 42;
    });
    expect(given).toBe(42);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it("takes options, and a context", () => {
    const { tracer } = spanBench();
    const key = createContextKey("mine");
    const mine = trace.setSpanContext(ROOT_CONTEXT, remote).setValue(key, "kept");
    tracer.startActiveSpan("work", { attributes: { a: 1 } }, (span) => {
      expect(span).toMatchObject({ attributes: { a: 1 }, parentSpanContext: undefined });
    });
    tracer.startActiveSpan("work", { kind: SpanKind.SERVER }, mine, (span) => {
      expect(span).toMatchObject({ kind: SpanKind.SERVER, parentSpanContext: remote });
      expect(context.active().getValue(key)).toBe("kept");
    });
    expect.assertions(3);
  });

  it("does not end the span, and lets errors through", () => {
    const { tracer, spans } = spanBench();
    expect(() =>
      tracer.startActiveSpan("work", () => {
        throw new Error("not today");
      }),
    ).toThrow("not today");
    expect(spans).toHaveLength(0);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it("makes the ids of a span that is not recorded known too", () => {
    const { tracer } = spanBench({ sampler: alwaysOff() });
    tracer.startActiveSpan("work", (span) => {
      expect(span.isRecording()).toBe(false);
      expect(trace.getActiveSpan()?.spanContext()).toBe(span.spanContext());
      expect(isSpanContextValid(span.spanContext())).toBe(true);
    });
    expect.assertions(3);
  });
});

describe("a sampler", () => {
  const answering = (answer: SamplingResult): Sampler => ({ shouldSample: () => answer });

  it("is asked about what the span is given, and before anything is done with it", () => {
    const asked: unknown[] = [];
    const sampler: Sampler = {
      shouldSample: (...question) => {
        asked.push(question);
        return { decision: SamplingDecision.NOT_RECORD };
      },
    };
    const { tracer } = spanBench({ sampler });
    const within = trace.setSpanContext(ROOT_CONTEXT, remote);
    const links = [{ context: remote }];
    tracer.startSpan("work", { kind: SpanKind.CLIENT, attributes: { a: 1 }, links }, within);
    expect(asked).toEqual([[within, remote.traceId, "work", SpanKind.CLIENT, { a: 1 }, links]]);
  });

  it("adds attributes, which win, and gives another tracestate", () => {
    const traceState = parseTraceState("mine=1");
    const decision = SamplingDecision.RECORD_AND_SAMPLED;
    const sampler = answering({ decision, attributes: { a: 2, b: 3 }, ...(traceState && { traceState }) });
    const { tracer, spans } = spanBench({ sampler });
    tracer.startSpan("work", { attributes: { a: 1, c: 1 } }).end();
    expect(spans[0]?.attributes).toEqual({ a: 2, b: 3, c: 1 });
    expect(spans[0]?.spanContext().traceState).toBe(traceState);
  });

  it("may have a span recorded but not sent (O-15, N2-23)", () => {
    const { tracer, spans } = spanBench({ sampler: answering({ decision: SamplingDecision.RECORD }) });
    const span = tracer.startSpan("work");
    expect(span.isRecording()).toBe(true);
    expect(span.spanContext().traceFlags & 1).toBe(0);
    span.end();
    expect(spans).toHaveLength(0);
  });

  it("decides for a whole trace when it follows the parent", () => {
    const { tracer, spans } = spanBench({ sampler: parentBased({ root: probability(0.5) }) });
    for (let times = 0; times < 200; times++) {
      tracer.startActiveSpan("root", (root) => {
        const child = tracer.startSpan("child");
        expect(child.isRecording()).toBe(root.isRecording());
        expect(child.spanContext().traceState?.serialize()).toBe(root.spanContext().traceState?.serialize());
        child.end();
        root.end();
      });
    }
    expect(spans.length).toBeGreaterThan(0);
    expect(spans.every((span) => span.spanContext().traceState?.serialize() === "ot=th:8")).toBe(true);
  });
});

describe("a context in which tracing is suppressed", () => {
  const suppressed = ROOT_CONTEXT.setValue(createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING"), true);

  it("gives spans that record nothing and are nobody's parent", () => {
    const { tracer, spans } = spanBench();
    const span = tracer.startSpan("export", {}, trace.setSpanContext(suppressed, remote));
    expect(span.isRecording()).toBe(false);
    expect(span.spanContext()).toEqual(INVALID_SPAN_CONTEXT);
    span.setAttribute("a", 1).addEvent("e").end();
    expect(spans).toHaveLength(0);
  });

  it("holds for what is started within it", () => {
    const { tracer, spans } = spanBench();
    context.with(suppressed, () => tracer.startActiveSpan("export", (span) => span.end()));
    expect(spans).toHaveLength(0);
  });
});

describe("a tracer provider", () => {
  it("gives the same tracer for the same scope, and spans that name it", () => {
    const { provider, spans } = spanBench();
    expect(provider.getTracer("lib", "1")).toBe(provider.getTracer("lib", "1"));
    expect(provider.getTracer("lib", "1")).not.toBe(provider.getTracer("lib", "2"));
    expect(provider.getTracer("lib")).not.toBe(provider.getTracer("lib", undefined, { schemaUrl: "https://a" }));
    provider.getTracer("lib", "1", { schemaUrl: "https://a" }).startSpan("work").end();
    expect(spans[0]?.instrumentationScope).toEqual({ name: "lib", version: "1", schemaUrl: "https://a" });
    expect(spans[0]?.resource).toEqual({ attributes: { "service.name": "shop" } });
  });

  it("takes another resource than that of its client", () => {
    const resource = { attributes: { "service.name": "bakery" }, schemaUrl: "https://b" };
    const { tracer, spans } = spanBench({ resource });
    tracer.startSpan("work").end();
    expect(spans[0]?.resource).toBe(resource);
  });

  it("gives a tracer without a name too, and says that it should have one", () => {
    const said = saidWarnings();
    const { provider, spans } = spanBench();
    provider
      .getTracer(undefined as never)
      .startSpan("work")
      .end();
    expect(spans[0]?.instrumentationScope?.name).toBe("");
    expect(said).toHaveLength(1);
  });

  it("flushes and closes with its client", async () => {
    const asked: unknown[] = [];
    const report = { failed: 1, left: 2 };
    const client = {
      resource: { attributes: {} },
      recordSpan: () => {},
      flush: (options: unknown) => (asked.push(["flush", options]), Promise.resolve(report)),
      close: (options: unknown) => (asked.push(["close", options]), Promise.resolve(report)),
    };
    const { provider } = spanBench({ client });
    expect(await provider.forceFlush({ timeoutMs: 7 })).toBe(report);
    expect(await provider.shutdown()).toBe(report);
    expect(asked).toEqual([
      ["flush", { timeoutMs: 7 }],
      ["close", undefined],
    ]);
  });

  it("refuses limits that are none", () => {
    expect(() => spanBench({ limits: { eventCountLimit: -1 } })).toThrow(/eventCountLimit -1/);
    expect(() => spanBench({ limits: { linkCountLimit: 1.5 } })).toThrow(RangeError);
  });

  it("gives spans to programs without types whatever they say", () => {
    const { tracer, spans } = spanBench();
    tracer.startSpan(undefined as never, null as never).end();
    tracer.startSpan(7 as never, { kind: 9, attributes: "no", links: [null, {}] } as never).end();
    const told = spans.map(({ name, kind, links, attributes }) => ({ name, kind, links, attributes }));
    expect(told).toEqual([
      { name: "undefined", kind: 0, links: [], attributes: {} },
      { name: "7", kind: 0, links: [], attributes: {} },
    ]);
  });
});
