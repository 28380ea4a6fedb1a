import { ValueType } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { diagWarnings } from "../../../test/diag-warnings.ts";
import { measuring, told } from "../../../test/measuring.ts";

const warnings = diagWarnings();

describe("what may be measured", () => {
  it("is not less than 0 for a counter, which is said once", async () => {
    const { meter, minute } = measuring();
    const counter = meter.createCounter("orders");
    for (const value of [1, -1, -2, 3]) counter.add(value);
    expect(told((await minute())["orders"])).toEqual([[{}, 4]]);
    expect(warnings).toEqual([
      'the counter "orders" ignores values below 0; use an up-down counter for what also falls',
    ]);
  });

  it("is not less than 0 for a histogram", async () => {
    const { meter, minute } = measuring();
    const histogram = meter.createHistogram("duration");
    for (const value of [-1, 1]) histogram.record(value);
    expect(told((await minute())["duration"])).toMatchObject([[{}, { count: 1, min: 1 }]]);
    expect(warnings).toEqual(['the histogram "duration" ignores values below 0']);
  });

  it("is anything for an up-down counter", async () => {
    const { meter, minute } = measuring();
    const counter = meter.createUpDownCounter("open");
    for (const value of [5, -7]) counter.add(value);
    expect(told((await minute())["open"])).toEqual([[{}, -2]]);
    expect(warnings).toEqual([]);
  });

  it("is finite where values are put together, as one that is not would spoil all the others", async () => {
    const { meter, minute } = measuring();
    for (const value of [NaN, Infinity, 1]) {
      meter.createCounter("counter").add(value);
      meter.createUpDownCounter("up_down").add(value);
      meter.createHistogram("histogram").record(value);
    }
    const { counter, up_down, histogram } = await minute();
    expect(told(counter)).toEqual([[{}, 1]]);
    expect(told(up_down)).toEqual([[{}, 1]]);
    expect(told(histogram)).toMatchObject([[{}, { count: 1, sum: 1 }]]);
    expect(warnings).toEqual([
      'the counter "counter" ignores NaN and infinity',
      'the up-down counter "up_down" ignores NaN and infinity',
      'the histogram "histogram" ignores NaN and infinity',
    ]);
  });

  it("is any number for a gauge", async () => {
    const { meter, minute } = measuring();
    const gauge = meter.createGauge("ratio");
    for (const value of [NaN, Infinity, -Infinity]) gauge.record(value, { value: String(value) });
    expect(told((await minute())["ratio"]).map(([, value]) => value)).toEqual([NaN, Infinity, -Infinity]);
    expect(warnings).toEqual([]);
  });

  it("is whole when the valueType says so; a fraction is cut off", async () => {
    const { meter, minute } = measuring();
    const counter = meter.createCounter("bytes", { valueType: ValueType.INT });
    for (const value of [1.9, 2, Infinity]) counter.add(value);
    const { bytes } = await minute();
    expect(told(bytes)).toEqual([[{}, 3]]);
    expect(bytes?.descriptor.valueType).toBe(ValueType.INT);
    expect(warnings).toEqual([
      'the counter "bytes" ignores fractions, as its valueType is INT',
      'the counter "bytes" ignores NaN and infinity',
    ]);
  });

  it("is a number, whatever the types of a program say", async () => {
    const { meter, minute } = measuring();
    const counter = meter.createCounter("orders");
    for (const value of ["5", undefined, null, 5n] as unknown as number[]) counter.add(value);
    expect(await minute()).toEqual({});
    expect(warnings[0]).toBe('the counter "orders" ignores what is not a number: string');
  });

  it("is held to the same rules when it is observed", async () => {
    const { meter, minute } = measuring();
    meter.createObservableCounter("sold").addCallback((result) => {
      result.observe(-1, { of: "tea" });
      result.observe(1, { of: "rice" });
    });
    expect(told((await minute())["sold"])).toEqual([[{ of: "rice" }, 1]]);
    expect(warnings).toHaveLength(1);
  });
});
