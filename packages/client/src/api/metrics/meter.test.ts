import { ValueType } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { diagWarnings } from "../../../test/diag-warnings.ts";
import { measuring, told } from "../../../test/measuring.ts";

const warnings = diagWarnings();

describe("a meter", () => {
  it("tells of each instrument what it was made with", async () => {
    const { meter, minute } = measuring();
    meter.createCounter("orders", { unit: "{order}", description: "Orders so far", valueType: ValueType.INT }).add(1);
    meter.createUpDownCounter("open").add(1);
    meter.createGauge("level").record(1);
    meter.createHistogram("duration").record(1);
    const { orders, open, level, duration } = await minute();
    expect(orders?.descriptor).toEqual({
      name: "orders",
      unit: "{order}",
      description: "Orders so far",
      valueType: ValueType.INT,
    });
    expect(open?.descriptor).toEqual({ name: "open", unit: "", description: "", valueType: ValueType.DOUBLE });
    expect([orders, open, level, duration].map((each) => [each?.dataPointType, each?.isMonotonic])).toEqual([
      [3, true],
      [3, false],
      [2, false],
      [0, false],
    ]);
  });

  it("tells nothing of an instrument that has measured nothing", async () => {
    const { meter, minute, collections } = measuring();
    meter.createCounter("orders");
    meter.createObservableGauge("level");
    expect(await minute()).toEqual({});
    expect(collections).toEqual([]);
  });

  it("gives the same instrument to who asks again, so that measurements come together", async () => {
    const { meter, provider, minute } = measuring();
    const counter = meter.createCounter("orders");
    const again = provider.getMeter("test", "1.0").createCounter("orders");
    expect(again).toBe(counter);
    counter.add(1);
    again.add(2);
    expect(told((await minute())["orders"])).toEqual([[{}, 3]]);
    expect(warnings).toEqual([]);
  });

  it("takes names that differ in case for one, the first, and says so once", async () => {
    const { meter, minute } = measuring();
    meter.createCounter("requestCount").add(1);
    for (let times = 0; times < 2; times++) meter.createCounter("RequestCount").add(1);
    expect(told((await minute())["requestCount"])).toEqual([[{}, 3]]);
    expect(warnings).toEqual(['the instrument "RequestCount" is called "requestCount", as it was when it was made']);
  });

  it("keeps instruments of one name apart that cannot come together, and says so once", async () => {
    const { meter, collections, clock } = measuring();
    for (let times = 0; times < 2; times++) {
      meter.createCounter("size", { unit: "By" }).add(1);
      meter.createCounter("Size", { unit: "KiBy" }).add(1);
      meter.createHistogram("size", { unit: "By" }).record(1);
      meter.createCounter("size", { unit: "By", valueType: ValueType.INT }).add(1);
    }
    await clock.advance(60_000);
    const metrics = collections[0]?.scopeMetrics[0]?.metrics ?? [];
    expect(metrics.map(({ descriptor: { name, unit } }) => [name, unit])).toEqual([
      ["size", "By"],
      ["size", "KiBy"],
      ["size", "By"],
      ["size", "By"],
    ]);
    expect(warnings).toHaveLength(4);
    expect(warnings).toContain(
      'there are two instruments "size", a counter of DOUBLE in "By" and a counter of DOUBLE in "KiBy"; ' +
        "call one of them something else",
    );
  });

  it("uses the longer of two descriptions", async () => {
    const { meter, minute } = measuring();
    meter.createCounter("orders", { description: "All" }).add(1);
    meter.createCounter("orders", { description: "All orders so far" }).add(1);
    meter.createCounter("orders", { description: "" }).add(1);
    const { orders } = await minute();
    expect(orders?.descriptor.description).toBe("All orders so far");
    expect(told(orders)).toEqual([[{}, 3]]);
    expect(warnings).toHaveLength(1);
  });

  it("warns of names that backends may refuse, and measures all the same", async () => {
    const { meter, minute } = measuring();
    const bad = ["", "1st", "größe", "a b", "x".repeat(256)];
    for (const name of [...bad, ...bad, "good.name_1/of-it", "x".repeat(255)]) meter.createCounter(name).add(1);
    expect(Object.keys(await minute())).toHaveLength(7);
    expect(warnings).toHaveLength(5);
    expect(warnings[1]).toContain('"1st" is no name for an instrument');
  });

  it("ignores boundaries that are none, and those that come later", async () => {
    const { meter, minute } = measuring();
    meter.createHistogram("duration", { advice: { explicitBucketBoundaries: [2, 1] } }).record(1);
    meter.createHistogram("size", { advice: { explicitBucketBoundaries: [1] } }).record(1);
    meter.createHistogram("size", { advice: { explicitBucketBoundaries: [2] } }).record(1);
    const { duration, size } = await minute();
    expect(told(duration)).toMatchObject([[{}, { buckets: { counts: { length: 16 } } }]]);
    expect(told(size)).toMatchObject([[{}, { count: 2, buckets: { boundaries: [1] } }]]);
    expect(warnings).toHaveLength(2);
  });

  it("puts together in an overflow point what is more than the limit of attributes", async () => {
    const { meter, minute } = measuring({ cardinalityLimit: 2 });
    const counter = meter.createCounter("orders");
    for (const id of [1, 2, 3, 4, 1]) counter.add(1, { id });
    const overflow = [{ "otel.metric.overflow": true }, 2];
    expect(told((await minute())["orders"])).toEqual([[{ id: 1 }, 2], [{ id: 2 }, 1], overflow]);
  });
});

describe("a view", () => {
  const views = {
    "http.duration": { attributes: ["route"], boundaries: [1, 2] },
    noise: { drop: true },
    "*": { attributes: [] },
  };

  it("keeps only the attributes it names apart", async () => {
    const { meter, minute } = measuring({ views });
    const histogram = meter.createHistogram("HTTP.duration", { advice: { explicitBucketBoundaries: [5] } });
    histogram.record(1, { route: "/a", user: 1 });
    histogram.record(2, { route: "/a", user: 2 });
    const value = { count: 2, buckets: { boundaries: [1, 2], counts: [1, 1, 0] } };
    expect(told((await minute())["HTTP.duration"])).toMatchObject([[{ route: "/a" }, value]]);
  });

  it("adds up what is observed of attributes that it does not keep apart; of gauges the last stays", async () => {
    const { meter, minute } = measuring({ views });
    const sold = meter.createObservableCounter("sold");
    const level = meter.createObservableGauge("level");
    meter.addBatchObservableCallback(
      (result) => {
        for (const [of, value] of [
          ["tea", 1],
          ["rice", 2],
          ["tea", 5],
        ] as const) {
          result.observe(sold, value, { of });
          result.observe(level, value, { of });
        }
      },
      [sold, level],
    );
    const metrics = await minute();
    expect(told(metrics["sold"])).toEqual([[{}, 7]]);
    expect(told(metrics["level"])).toEqual([[{}, 2]]);
  });

  it("lets an instrument measure nothing", async () => {
    const { meter, minute } = measuring({ views });
    meter.createCounter("noise").add(1);
    expect(await minute()).toEqual({});
  });

  it("is refused with boundaries that are none", () => {
    expect(() => measuring({ views: { it: { boundaries: [1, 1] } } })).toThrow(RangeError);
  });
});
