import { setTimeout as wait } from "node:timers/promises";
import { tmpdir } from "node:os";
import { protobufBatch } from "@otlpkit/core";
import { fakeClock, recordingSender } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import {
  type AlarmEvent,
  metrics,
  monitorMetrics,
  performanceMonitor,
  type PerformanceMonitorOptions,
  performanceReader,
  type PerformanceReading,
  usualThresholds,
} from "./index.ts";

const calm: PerformanceReading = {
  cpuRatio: 0.2,
  rssBytes: 200,
  memoryLimitBytes: 1000,
  heapUsedBytes: 100,
  heapLimitBytes: 1000,
  externalBytes: 10,
  eventLoopDelayMs: 1,
  eventLoopDelayMaxMs: 3,
  eventLoopUtilizationRatio: 0.2,
  disks: [{ folder: "/data", freeBytes: 50, totalBytes: 100 }],
};
const batch = protobufBatch("traces", new Uint8Array(3), 1);

function watching(options: Partial<PerformanceMonitorOptions> = {}) {
  const clock = fakeClock();
  const events: AlarmEvent[] = [];
  let reading: PerformanceReading = calm;
  const monitor = performanceMonitor({
    read: () => reading,
    thresholds: usualThresholds(),
    onAlarm: (event) => void events.push(event),
    now: () => clock.now(),
    setTimer: (run, ms) => clock.setTimer(run, ms),
    random: () => 0.5,
    ...options,
  });
  return {
    clock,
    events,
    monitor,
    said: () => events.map(({ message, state }) => `${state}: ${message}`),
    set: (changes: Partial<PerformanceReading>) => void (reading = { ...calm, ...changes }),
  };
}

describe("performanceMonitor", () => {
  it("raises an alarm when a value stays beyond its bound, and clears it when it has stayed well below", async () => {
    const { clock, events, monitor, said, set } = watching();
    set({ rssBytes: 960 });
    await clock.advance(2_000);
    expect(said()).toEqual([]);
    await clock.advance(1_000);
    expect(said()).toEqual(["raised: memory is at 96 % (alarm from 95 %, load is refused)"]);
    expect(monitor.alarms()).toMatchObject([{ name: "memory", sheds: true }]);
    set({ rssBytes: 900 });
    await clock.advance(60_000);
    expect(events).toHaveLength(1);
    set({ rssBytes: 800 });
    await clock.advance(2_000);
    set({ rssBytes: 900 });
    await clock.advance(1_000);
    set({ rssBytes: 800 });
    await clock.advance(3_000);
    expect(said().slice(1)).toEqual(["cleared: memory is at 80 % again"]);
    expect(events[1]).toMatchObject({ value: 0.8, bound: 0.85, lastedMs: 66_000 });
    expect(monitor.alarms()).toEqual([]);
    monitor.close();
    expect(clock.pending).toBe(0);
  });

  it("is not alarmed by a moment", async () => {
    const { clock, events, monitor, set } = watching();
    for (let n = 0; n < 10; n++) {
      set({ eventLoopDelayMs: 5_000, cpuRatio: 1, heapUsedBytes: 999 });
      await clock.advance(1_000);
      set({});
      await clock.advance(1_000);
    }
    expect(events).toEqual([]);
    monitor.close();
  });

  it("knows values that are bad when they are small", async () => {
    const { clock, monitor, said, set } = watching();
    set({ disks: [...calm.disks, { folder: "/full", freeBytes: 4, totalBytes: 100 }] });
    await clock.advance(1_000);
    set({ disks: [{ folder: "/full", freeBytes: 9, totalBytes: 100 }] });
    await clock.advance(5_000);
    set({ disks: [] });
    await clock.advance(5_000);
    set({ disks: [{ folder: "/full", freeBytes: 10, totalBytes: 100 }] });
    await clock.advance(1_000);
    expect(said()).toEqual([
      "raised: disk is at 4 % free (alarm from 5 % free)",
      "cleared: disk is at 10 % free again",
    ]);
    monitor.close();
  });

  it("refuses load while an alarm says so, but for one batch at a time", async () => {
    const { clock, monitor, set } = watching();
    const end = recordingSender();
    const sender = monitor.shed(end);
    await sender.send(batch, {});
    set({ rssBytes: 990 });
    await clock.advance(3_000);
    end.script("hang");
    const passes = sender.send(batch, { deadline: performance.now() + 50 });
    const refused = await sender.send(batch, {}).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "overloaded",
      retryable: true,
      retryAfterMs: 6_250,
      message: "memory is at 99 % (alarm from 95 %, load is refused); send again later",
    });
    await expect(passes).rejects.toMatchObject({ code: "timeout" });
    end.script({ rejectedItems: 0, message: "" });
    await sender.send(batch, {});
    expect([end.batches.length, monitor.shedBatches]).toEqual([3, 1]);
    set({});
    await clock.advance(3_000);
    await Promise.all([sender.send(batch, {}), sender.send(batch, {})]);
    expect(end.batches).toHaveLength(5);
    monitor.close();
    await sender.close();
    expect(end.closed).toBe(true);
  });

  it("refuses nothing for an alarm that is only told", async () => {
    const { clock, events, monitor, set } = watching();
    const sender = monitor.shed(recordingSender());
    set({ cpuRatio: 1 });
    await clock.advance(40_000);
    expect(events).toMatchObject([{ name: "cpu", sheds: false }]);
    await Promise.all([sender.send(batch, {}), sender.send(batch, {})]);
    expect(monitor.shedBatches).toBe(0);
    monitor.close();
  });

  it("goes on looking when a reading fails, and watches only what it is told to", async () => {
    let fails = true;
    const { clock, monitor, said } = watching({
      thresholds: usualThresholds({ memory: null, cpu: { raiseAt: 0.5, clearAt: 0.4 } }),
      read() {
        if (fails) throw new Error("no /proc");
        return { ...calm, cpuRatio: 0.5, rssBytes: 1000 };
      },
    });
    await clock.advance(5_000);
    expect(monitor.reading()).toBeUndefined();
    fails = false;
    await clock.advance(5_000);
    expect(said()).toEqual(["raised: cpu is at 50 % (alarm from 50 %)"]);
    monitor.close();
  });

  it("shows itself as metrics", async () => {
    const { clock, monitor, set } = watching();
    const numbers = metrics();
    monitorMetrics(numbers, monitor, ["memory", "cpu"]);
    numbers.read();
    set({ rssBytes: 990 });
    await clock.advance(3_000);
    numbers.read();
    expect(numbers.sum("otlpkit_monitor_alarm", { alarm: "memory" })).toBe(1);
    expect(numbers.sum("otlpkit_monitor_alarm", { alarm: "cpu" })).toBe(0);
    expect(numbers.sum("otlpkit_disk_free_bytes", { folder: "/data" })).toBe(50);
    monitor.close();
  });
});

describe("performanceReader", () => {
  it("sees what this process does", async () => {
    const reader = performanceReader([tmpdir(), "/nowhere at all"]);
    await wait(30);
    const until = performance.now() + 60;
    while (performance.now() < until); // keeps the event loop busy
    await wait(30);
    const reading = await reader.read();
    reader.close();
    expect(reading.cpuRatio).toBeGreaterThan(0);
    expect(reading.eventLoopUtilizationRatio).toBeGreaterThan(0.1);
    expect(reading.eventLoopDelayMaxMs).toBeGreaterThan(20);
    expect(reading.rssBytes).toBeGreaterThan(1e6);
    expect(reading.rssBytes).toBeLessThan(reading.memoryLimitBytes);
    expect(reading.heapUsedBytes).toBeLessThan(reading.heapLimitBytes);
    expect(reading.disks).toMatchObject([{ folder: tmpdir() }]);
    expect(reading.disks[0]!.freeBytes).toBeLessThanOrEqual(reading.disks[0]!.totalBytes);
  });
});
