import {
  context,
  createContextKey,
  defaultTextMapSetter,
  diag,
  logs,
  metrics,
  propagation,
  ROOT_CONTEXT,
  trace,
} from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { saidWarnings, spanBench } from "../../test/span-bench.ts";
import { registerGlobals } from "./index.ts";

const key = createContextKey("who");
const contextOf = (who: string): typeof ROOT_CONTEXT => ROOT_CONTEXT.setValue(key, who);

afterEach(() => diag.disable());

describe("registerGlobals", () => {
  it("makes spans, context and headers work through the API alone, and can be undone", () => {
    const early = trace.getTracer("asked for before");
    const { provider, spans } = spanBench();
    const undo = registerGlobals({ tracerProvider: provider });
    try {
      const headers: Record<string, string> = {};
      early.startActiveSpan("parent", (parent) => {
        propagation.inject(context.active(), headers);
        trace.getTracer("asked for after").startSpan("child").end();
        parent.end();
      });
      expect(spans.map(({ name }) => name)).toEqual(["child", "parent"]);
      expect(spans[0]?.parentSpanContext).toEqual(spans[1]?.spanContext());
      const { traceId, spanId } = spans[1]?.spanContext() ?? {};
      expect(headers).toEqual({ traceparent: `00-${traceId}-${spanId}-03` });
    } finally {
      undo();
    }
    expect(trace.getTracer("test").startSpan("work").isRecording()).toBe(false);
    expect(context.with(contextOf("a"), () => context.active())).toBe(ROOT_CONTEXT);
    expect(propagation.fields()).toEqual([]);
  });

  it("carries baggage too", () => {
    const undo = registerGlobals({});
    try {
      const baggage = propagation.createBaggage({ user: { value: "alice" } });
      const headers = {};
      propagation.inject(propagation.setBaggage(ROOT_CONTEXT, baggage), headers, defaultTextMapSetter);
      expect(headers).toEqual({ baggage: "user=alice" });
      expect(propagation.getBaggage(propagation.extract(ROOT_CONTEXT, headers))?.getEntry("user")?.value).toBe("alice");
    } finally {
      undo();
    }
  });

  it("takes meter and logger providers along", () => {
    const meterProvider = { getMeter: () => metrics.getMeter("none") };
    const loggerProvider = { getLogger: () => logs.getLogger("none") };
    const undo = registerGlobals({ meterProvider, loggerProvider });
    expect(metrics.getMeterProvider()).toBe(meterProvider);
    expect(logs.getLoggerProvider()).toBe(loggerProvider);
    undo();
    expect(metrics.getMeterProvider()).not.toBe(meterProvider);
    expect(logs.getLoggerProvider()).not.toBe(loggerProvider);
  });

  it("leaves what is there already, says so, and does not take it away in the end", () => {
    const said = saidWarnings();
    const first = spanBench();
    const second = spanBench();
    const undoFirst = registerGlobals({ tracerProvider: first.provider });
    const undoSecond = registerGlobals({ tracerProvider: second.provider });
    expect(said.length).toBeGreaterThan(0);
    undoSecond();
    trace.getTracer("test").startSpan("work").end();
    expect(first.spans).toHaveLength(1);
    expect(second.spans).toHaveLength(0);
    undoFirst();
    undoFirst();
    expect(trace.getTracer("test").startSpan("work").isRecording()).toBe(false);
  });
});
