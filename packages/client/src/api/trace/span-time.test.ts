import { diag, type HrTime, ROOT_CONTEXT, type TimeInput, trace } from "@opentelemetry/api";
import type { RecordedSpan } from "@otlpkit/otlp";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { saidWarnings, spanBench, startedAt } from "../../../test/span-bench.ts";
import { tracerProvider } from "../index.ts";

const startedSeconds = startedAt / 1000;

afterEach(() => diag.disable());

function nanoseconds([seconds, rest]: HrTime | RecordedSpan["startTime"]): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}

describe("the times of a span", () => {
  it("are those of the wall clock when it starts, and go on with the monotonic one", () => {
    const { tracer, spans, clock } = spanBench();
    const span = tracer.startSpan("work");
    clock.monotonicMs += 1.5;
    span.addEvent("half way");
    clock.monotonicMs += 1000.000_25;
    span.end();
    expect(spans[0]).toMatchObject({ startTime: [startedSeconds, 0], endTime: [startedSeconds + 1, 1_500_250] });
    expect(spans[0]?.events[0]?.time).toEqual([startedSeconds, 1_500_000]);
  });

  it("do not run backwards when the wall clock is set back", () => {
    const { tracer, spans, clock } = spanBench();
    const span = tracer.startSpan("work");
    clock.wallMs -= 3_600_000;
    clock.monotonicMs += 2000;
    tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, span)).end();
    span.end();
    expect(spans[0]).toMatchObject({ startTime: [startedSeconds + 2, 0], endTime: [startedSeconds + 2, 0] });
    expect(spans[1]).toMatchObject({ startTime: [startedSeconds, 0], endTime: [startedSeconds + 2, 0] });
  });

  it("follow the wall clock from the next trace on, within a second", () => {
    const { tracer, spans, clock } = spanBench();
    tracer.startSpan("before").end();
    clock.wallMs -= 3_600_000;
    clock.monotonicMs += 1000;
    clock.wallMs += 1000;
    tracer.startSpan("after").end();
    expect(Number(nanoseconds(spans[1]?.startTime ?? [0, 0])) / 1e6).toBeCloseTo(clock.wallMs, -1);
  });

  it("do not follow what is less than the wall clock shows", () => {
    const { tracer, spans, clock } = spanBench();
    tracer.startSpan("before").end();
    clock.monotonicMs += 2000;
    clock.wallMs += 2003;
    tracer.startSpan("after").end();
    expect(spans[1]?.startTime).toEqual([startedSeconds + 2, 0]);
  });

  it("lie within those of the parent, whatever the wall clock does (property)", () => {
    const steps = fc.array(
      fc.record({ passed: fc.double({ min: 0, max: 5000, noNaN: true }), jump: fc.integer({ min: -1e6, max: 1e6 }) }),
      {
        minLength: 3,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(steps, (times) => {
        const { tracer, spans, clock } = spanBench();
        const pass = (index: number): void => {
          clock.monotonicMs += times[index % times.length]?.passed ?? 0;
          clock.wallMs += times[index % times.length]?.jump ?? 0;
        };
        const parent = tracer.startSpan("parent");
        pass(0);
        const child = tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, parent));
        pass(1);
        child.end();
        pass(2);
        parent.end();
        const [inner, outer] = spans as [RecordedSpan, RecordedSpan];
        const moments = [outer.startTime, inner.startTime, inner.endTime, outer.endTime].map(nanoseconds);
        expect(moments).toEqual(moments.toSorted((a, b) => (a < b ? -1 : Number(a > b))));
        for (const { startTime, endTime } of spans) {
          for (const part of [startTime[1], endTime[1]])
            expect(part >= 0 && part < 1e9 && Number.isInteger(part)).toBe(true);
        }
      }),
    );
  });

  it.each<[string, TimeInput, HrTime]>([
    ["seconds and nanoseconds", [1_700_000_001, 123_456_789], [1_700_000_001, 123_456_789]],
    ["a date", new Date(1_700_000_001_234), [1_700_000_001, 234_000_000]],
    ["ms since 1970", 1_700_000_001_234, [1_700_000_001, 234_000_000]],
    ["ms since 1970 with a fraction", 1_700_000_001_234.5, [1_700_000_001, 234_500_000]],
    ["what performance.now() said", 4000.25, [startedSeconds - 1, 250_000]],
  ])("may be given as %s", (_, given, time) => {
    const { tracer, spans } = spanBench();
    const span = tracer.startSpan("work", { startTime: given });
    span.addEvent("event", given).addEvent("event", {}, given).end(given);
    const [only] = spans;
    expect([only?.startTime, only?.endTime, ...(only?.events ?? []).map((event) => event.time)]).toEqual([
      time,
      time,
      time,
      time,
    ]);
  });

  it.each<[string, unknown]>([
    ["not a number", Number.NaN],
    ["before 1970", -1],
    ["an invalid date", new Date(Number.NaN)],
    ["too late for 64 bits", 1e20],
    ["a negative part", [1, -1]],
    ["too many nanoseconds", [1, 1e9]],
    ["three numbers", [1, 2, 3]],
    ["a fraction of a second", [1.5, 0]],
    ["a text", "now"],
  ])("are now if what was given is %s", (_, given) => {
    const { tracer, spans, clock } = spanBench();
    const said = saidWarnings();
    const span = tracer.startSpan("work", { startTime: given as TimeInput });
    clock.monotonicMs += 1;
    span.end(given as TimeInput);
    expect(spans[0]).toMatchObject({ startTime: [startedSeconds, 0], endTime: [startedSeconds, 1_000_000] });
    expect(said).toHaveLength(1);
  });

  it("end where they start if the end is said to be before", () => {
    const said = saidWarnings();
    const { tracer, spans } = spanBench();
    tracer.startSpan("work", { startTime: [1_700_000_001, 5] }).end([1_700_000_001, 4]);
    expect(spans[0]?.endTime).toEqual([1_700_000_001, 5]);
    expect(said).toEqual([expect.stringContaining("before its start")]);
  });

  it("are those of the machine when nobody gives clocks, finer than a millisecond", () => {
    const spans: RecordedSpan[] = [];
    const never = new Promise<never>(() => {});
    const provider = tracerProvider({
      client: {
        resource: { attributes: {} },
        recordSpan: (span) => void spans.push(span as RecordedSpan),
        flush: () => never,
        close: () => never,
      },
    });
    const before = Date.now();
    for (let times = 0; times < 20; times++) provider.getTracer("test").startSpan("work").end();
    const after = Date.now();
    for (const { startTime, endTime } of spans) {
      expect(Number(nanoseconds(startTime) / 1000n)).toBeGreaterThan((before - 10) * 1000);
      expect(Number(nanoseconds(endTime) / 1000n)).toBeLessThan((after + 10) * 1000);
      expect(nanoseconds(endTime) >= nanoseconds(startTime)).toBe(true);
    }
    expect(spans.some(({ startTime }) => startTime[1] % 1_000_000 !== 0)).toBe(true);
  });
});
