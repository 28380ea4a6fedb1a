import type { Meter } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { after, begin, measuring } from "../../../test/measuring.ts";
import type { InstrumentKind, TemporalityPreference } from "../../settings/temporality.ts";

/** Makes an instrument of a kind, and gives what lets it measure 5. */
const instruments: Readonly<Record<InstrumentKind, (meter: Meter) => void>> = {
  COUNTER: (meter) => meter.createCounter("it").add(5),
  UP_DOWN_COUNTER: (meter) => meter.createUpDownCounter("it").add(5),
  HISTOGRAM: (meter) => meter.createHistogram("it").record(5),
  GAUGE: (meter) => meter.createGauge("it").record(5),
  OBSERVABLE_COUNTER: (meter) => meter.createObservableCounter("it").addCallback((result) => result.observe(5)),
  OBSERVABLE_UP_DOWN_COUNTER: (meter) =>
    meter.createObservableUpDownCounter("it").addCallback((result) => result.observe(5)),
  OBSERVABLE_GAUGE: (meter) => meter.createObservableGauge("it").addCallback((result) => result.observe(5)),
};

// The rows of I-32. Gauges have none on the wire.
const table: readonly [TemporalityPreference, InstrumentKind, "delta" | "cumulative"][] = [
  ["cumulative", "COUNTER", "cumulative"],
  ["cumulative", "UP_DOWN_COUNTER", "cumulative"],
  ["cumulative", "HISTOGRAM", "cumulative"],
  ["cumulative", "OBSERVABLE_COUNTER", "cumulative"],
  ["cumulative", "OBSERVABLE_UP_DOWN_COUNTER", "cumulative"],
  ["delta", "COUNTER", "delta"],
  ["delta", "UP_DOWN_COUNTER", "cumulative"],
  ["delta", "HISTOGRAM", "delta"],
  ["delta", "OBSERVABLE_COUNTER", "delta"],
  ["delta", "OBSERVABLE_UP_DOWN_COUNTER", "cumulative"],
  ["lowmemory", "COUNTER", "delta"],
  ["lowmemory", "UP_DOWN_COUNTER", "cumulative"],
  ["lowmemory", "HISTOGRAM", "delta"],
  ["lowmemory", "OBSERVABLE_COUNTER", "cumulative"],
  ["lowmemory", "OBSERVABLE_UP_DOWN_COUNTER", "cumulative"],
];

describe("the temporality that is preferred", () => {
  it.each(table)("as %s makes a %s %s (I-31, I-32)", async (temporality, kind, expected) => {
    const { meter, minute } = measuring({ temporality });
    instruments[kind](meter);
    const { it } = await minute();
    expect(it?.aggregationTemporality).toBe(expected === "delta" ? 0 : 1);
    expect(it?.dataPoints).toHaveLength(1);
  });
});

describe("points that tell everything", () => {
  it("begin with the first measurement of their attributes, and stay when nothing comes", async () => {
    const { meter, minute, clock } = measuring();
    const counter = meter.createCounter("orders");
    counter.add(1, { of: "tea" });
    await clock.advance(10_000);
    counter.add(2, { of: "rice" });
    counter.add(4, { of: "tea" });
    await clock.advance(50_000);
    const { orders } = await minute();
    expect(orders?.dataPoints).toEqual([
      { attributes: { of: "tea" }, startTime: begin, endTime: after(120), value: 5 },
      { attributes: { of: "rice" }, startTime: after(10), endTime: after(120), value: 2 },
    ]);
  });

  it("begin for what is observed with the collection before it was observed, or with the instrument", async () => {
    const { meter, minute } = measuring();
    const seen: Record<string, number> = { tea: 5 };
    meter.createObservableCounter("sold").addCallback((result) => {
      for (const [of, value] of Object.entries(seen)) result.observe(value, { of });
    });
    await minute();
    Object.assign(seen, { tea: 6, rice: 1 });
    const { sold } = await minute();
    expect(sold?.dataPoints).toEqual([
      { attributes: { of: "tea" }, startTime: begin, endTime: after(120), value: 6 },
      { attributes: { of: "rice" }, startTime: after(60), endTime: after(120), value: 1 },
    ]);
  });

  it("begin anew when what only grows is less than before", async () => {
    const { meter, minute } = measuring();
    let total = 100;
    meter.createObservableCounter("sold").addCallback((result) => result.observe(total));
    await minute();
    total = 3;
    const { sold } = await minute();
    expect(sold?.dataPoints).toMatchObject([{ startTime: after(60), value: 3 }]);
  });
});

describe("points that tell what is new", () => {
  it("begin where those before ended, and are absent when nothing came", async () => {
    const { meter, minute, clock } = measuring({ temporality: "delta" });
    const counter = meter.createCounter("orders");
    await clock.advance(10_000);
    counter.add(1, { of: "tea" });
    await clock.advance(50_000);
    counter.add(2, { of: "rice" });
    const { orders } = await minute();
    expect(orders?.dataPoints).toEqual([
      { attributes: { of: "rice" }, startTime: after(60), endTime: after(120), value: 2 },
    ]);
    expect(await minute()).toEqual({});
    counter.add(3, { of: "tea" });
    const later = await minute();
    expect(later["orders"]?.dataPoints).toMatchObject([{ startTime: after(180), endTime: after(240), value: 3 }]);
  });

  it("are the difference of what is observed, and all of it when it began anew", async () => {
    const { meter, minute } = measuring({ temporality: "delta" });
    let total = 10;
    meter.createObservableCounter("sold").addCallback((result) => result.observe(total));
    const values: unknown[] = [];
    for (total of [10, 15, 15, 4]) values.push((await minute())["sold"]?.dataPoints[0]?.value);
    expect(values).toEqual([10, 5, 0, 4]);
  });

  it("miss nothing when a callback failed once", async () => {
    const { meter, minute } = measuring({ temporality: "delta" });
    let total: number | undefined = 10;
    meter.createObservableCounter("sold").addCallback((result) => {
      if (total === undefined) throw new Error("nobody there");
      result.observe(total);
    });
    await minute();
    total = undefined;
    expect(await minute()).toEqual({});
    total = 17;
    expect((await minute())["sold"]?.dataPoints).toMatchObject([{ value: 7 }]);
  });

  it("of a gauge are those that were set", async () => {
    const { meter, minute } = measuring({ temporality: "delta" });
    const gauge = meter.createGauge("level");
    gauge.record(3);
    gauge.record(2);
    expect((await minute())["level"]?.dataPoints).toMatchObject([{ value: 2 }]);
    expect(await minute()).toEqual({});
  });
});
