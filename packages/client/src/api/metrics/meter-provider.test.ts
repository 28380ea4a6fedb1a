import { describe, expect, it } from "vitest";
import { after, measuring, told } from "../../../test/measuring.ts";

describe("a meter provider", () => {
  it("collects every minute, from one beginning to the next (O-18)", async () => {
    const { meter, clock, collections } = measuring();
    meter.createCounter("orders").add(1);
    await clock.advance(59_999);
    expect(collections).toHaveLength(0);
    await clock.advance(1);
    expect(collections).toHaveLength(1);
    await clock.advance(180_000);
    const times = collections.map(({ scopeMetrics }) => scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.endTime);
    expect(times).toEqual([after(60), after(120), after(180), after(240)]);
  });

  it("keeps to the interval when callbacks take their time", async () => {
    const { meter, clock } = measuring({ intervalMs: 10_000 });
    const calls: number[] = [];
    const began = clock.now();
    meter.createObservableGauge("up").addCallback(async () => {
      calls.push(clock.now() - began);
      await clock.sleep(3000);
    });
    await clock.advance(30_000);
    expect(calls).toEqual([10_000, 20_000, 30_000]);
  });

  it("says whose metrics they are, and which library measured", async () => {
    const { provider, clock, collections } = measuring();
    provider.getMeter("shop", "2.1", { schemaUrl: "https://example.com/1" }).createCounter("orders").add(1);
    provider.getMeter("pay").createCounter("orders").add(2);
    await clock.advance(60_000);
    expect(collections).toMatchObject([
      {
        resource: { attributes: { "service.name": "shop" } },
        scopeMetrics: [
          { scope: { name: "shop", version: "2.1", schemaUrl: "https://example.com/1" }, metrics: [{}] },
          { scope: { name: "pay" }, metrics: [{}] },
        ],
      },
    ]);
  });

  it("gives the same meter for the same name, version and schema", () => {
    const { provider } = measuring();
    const meter = provider.getMeter("shop", "1", { schemaUrl: "a" });
    expect(provider.getMeter("shop", "1", { schemaUrl: "a" })).toBe(meter);
    expect(provider.getMeter("shop", "1", { schemaUrl: "b" })).not.toBe(meter);
    expect(provider.getMeter("shop", "2", { schemaUrl: "a" })).not.toBe(meter);
    expect(provider.getMeter("shop")).not.toBe(meter);
  });

  it("collects before it flushes", async () => {
    const { meter, provider, collections, calls } = measuring();
    meter.createCounter("orders").add(1);
    await provider.forceFlush();
    expect(collections).toHaveLength(1);
    expect(calls).toEqual({ flush: 1, close: 0 });
  });

  it("collects once more in a flush that comes while it is collecting, since what was observed may be old", async () => {
    const { meter, provider, clock, collections } = measuring();
    let level = 1;
    meter.createObservableGauge("level").addCallback(async (result) => {
      result.observe(level);
      await clock.sleep(1000);
    });
    await clock.advance(60_500);
    level = 2;
    const flushed = provider.forceFlush();
    await clock.advance(1500);
    await flushed;
    expect(collections.map(({ scopeMetrics }) => told(scopeMetrics[0]?.metrics[0]))).toEqual([[[{}, 1]], [[{}, 2]]]);
  });

  it("collects for the last time when it is shut down, and closes the client, once", async () => {
    const { meter, provider, clock, collections, calls } = measuring();
    const counter = meter.createCounter("orders");
    counter.add(1);
    await Promise.all([provider.shutdown(), provider.shutdown()]);
    expect(collections).toHaveLength(1);
    expect(calls).toEqual({ flush: 0, close: 1 });
    counter.add(1);
    provider.getMeter("late").createCounter("orders").add(1);
    await clock.advance(120_000);
    await provider.forceFlush();
    expect(collections).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("keeps to its time when it is shut down, whatever callbacks do, and tells what there is", async () => {
    const { meter, provider, clock, collections, calls } = measuring();
    meter.createObservableGauge("stuck").addCallback(() => new Promise(() => {}));
    meter.createCounter("orders").add(1);
    const closed = provider.shutdown({ timeoutMs: 2000 });
    await clock.advance(1000);
    await closed;
    expect(collections).toHaveLength(1);
    expect(calls.close).toBe(1);
  });

  it("refuses options that make no sense", () => {
    expect(() => measuring({ intervalMs: 0 })).toThrow(RangeError);
    expect(() => measuring({ timeoutMs: -1 })).toThrow(RangeError);
    expect(() => measuring({ cardinalityLimit: 0 })).toThrow(RangeError);
    expect(() => measuring({ temporality: "sometimes" as "delta" })).toThrow(RangeError);
  });
});
