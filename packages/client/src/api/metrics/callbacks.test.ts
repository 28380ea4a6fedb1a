import type { ObservableResult } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { diagWarnings } from "../../../test/diag-warnings.ts";
import { measuring, told } from "../../../test/measuring.ts";

const warnings = diagWarnings();

describe("a callback", () => {
  it("is asked at each collection, and only what it says then is told", async () => {
    const { meter, minute } = measuring();
    let present = ["a", "b"];
    meter.createObservableGauge("up").addCallback((result) => {
      for (const host of present) result.observe(1, { host });
    });
    expect(told((await minute())["up"])).toEqual([
      [{ host: "a" }, 1],
      [{ host: "b" }, 1],
    ]);
    present = ["b"];
    expect(told((await minute())["up"])).toEqual([[{ host: "b" }, 1]]);
  });

  it("may take its time", async () => {
    const { meter, clock, collections } = measuring();
    meter.createObservableGauge("up").addCallback(async (result) => {
      await clock.sleep(2000);
      result.observe(1);
    });
    await clock.advance(61_999);
    expect(collections).toHaveLength(0);
    await clock.advance(1);
    expect(collections).toHaveLength(1);
  });

  it("that takes too long is not waited for, and what it says later is ignored", async () => {
    const { meter, clock, collections } = measuring({ timeoutMs: 1000 });
    let calls = 0;
    const late: ObservableResult[] = [];
    meter.createObservableGauge("slow").addCallback((result) => {
      calls++;
      result.observe(1, { when: "in time" });
      late.push(result);
      return new Promise(() => {});
    });
    meter.createObservableGauge("fast").addCallback((result) => result.observe(2));
    await clock.advance(61_000);
    late[0]?.observe(3, { when: "too late" });
    await clock.advance(60_000);
    const metrics = collections.map(({ scopeMetrics }) => scopeMetrics[0]?.metrics.map(told));
    expect(metrics).toEqual([[[[{ when: "in time" }, 1]], [[{}, 2]]], [[[{}, 2]]]]);
    expect(calls).toBe(1);
    expect(warnings).toEqual(['a callback of "slow" took more than 1000 ms; what it says later is ignored']);
  });

  it("that fails harms nobody else, and is told of once", async () => {
    const { meter, minute } = measuring();
    const failing = meter.createObservableGauge("failing");
    failing.addCallback(() => {
      throw new Error("no such sensor");
    });
    meter.createObservableGauge("rejecting").addCallback(() => Promise.reject(new Error("no answer")));
    meter.createObservableGauge("good").addCallback((result) => result.observe(1));
    meter.createCounter("orders").add(1);
    for (let times = 0; times < 2; times++) expect(Object.keys(await minute())).toEqual(["good", "orders"]);
    expect(warnings).toEqual([
      'a callback of "failing" failed: no such sensor',
      'a callback of "rejecting" failed: no answer',
    ]);
  });

  it("is registered once, and can be taken away", async () => {
    const { meter, minute } = measuring();
    const gauge = meter.createObservableGauge("up");
    let calls = 0;
    const callback = (result: ObservableResult): void => {
      calls++;
      result.observe(1);
    };
    gauge.addCallback(callback);
    gauge.addCallback(callback);
    await minute();
    expect(calls).toBe(1);
    gauge.removeCallback(callback);
    gauge.removeCallback(callback);
    expect(await minute()).toEqual({});
  });

  it("is one of all who ask for the same instrument", async () => {
    const { meter, minute } = measuring();
    meter.createObservableGauge("up").addCallback((result) => result.observe(1, { by: "first" }));
    meter.createObservableGauge("up").addCallback((result) => result.observe(2, { by: "second" }));
    expect(told((await minute())["up"])).toEqual([
      [{ by: "first" }, 1],
      [{ by: "second" }, 2],
    ]);
  });

  it("of which the last word counts when it says two things of one", async () => {
    const { meter, minute } = measuring();
    meter.createObservableCounter("sold").addCallback((result) => {
      result.observe(1);
      result.observe(7);
    });
    expect(told((await minute())["sold"])).toEqual([[{}, 7]]);
  });

  it("that is slower than the interval leaves out a collection instead of overlapping with it", async () => {
    const { meter, clock, collections } = measuring({ intervalMs: 1000, timeoutMs: 1000 });
    let calls = 0;
    meter.createObservableGauge("slow").addCallback(async (result) => {
      calls++;
      await clock.sleep(1000);
      result.observe(calls);
    });
    await clock.advance(4500);
    expect(calls).toBe(2);
    expect(collections).toHaveLength(2);
  });
});

describe("a batch callback", () => {
  it("observes for the instruments that it was registered with, and no others", async () => {
    const { meter, minute } = measuring();
    const [used, free, other] = ["used", "free", "other"].map((name) => meter.createObservableGauge(name));
    if (used === undefined || free === undefined || other === undefined) throw new Error("no instruments");
    meter.addBatchObservableCallback(
      (result) => {
        result.observe(used, 3, { disk: 1 });
        result.observe(free, 4);
        result.observe(other, 5);
      },
      [used, free],
    );
    const metrics = await minute();
    expect(Object.keys(metrics)).toEqual(["used", "free"]);
    expect(told(metrics["used"])).toEqual([[{ disk: 1 }, 3]]);
  });

  it("is known by itself and its instruments, in whatever order", async () => {
    const { meter, minute } = measuring();
    const one = meter.createObservableGauge("one");
    const two = meter.createObservableGauge("two");
    let calls = 0;
    const callback = (): void => void calls++;
    meter.addBatchObservableCallback(callback, [one, two]);
    meter.addBatchObservableCallback(callback, [two, one]);
    meter.addBatchObservableCallback(callback, [one]);
    await minute();
    expect(calls).toBe(2);
    meter.removeBatchObservableCallback(callback, [two, one]);
    await minute();
    expect(calls).toBe(3);
  });

  it("without an instrument of its meter is ignored, and said so", async () => {
    const { meter, minute } = measuring();
    const stranger = measuring().meter.createObservableGauge("up");
    let calls = 0;
    meter.addBatchObservableCallback(() => void calls++, [stranger]);
    await minute();
    expect(calls).toBe(0);
    expect(warnings).toEqual(["a batch callback is for no instrument of its meter; it is ignored"]);
  });
});
