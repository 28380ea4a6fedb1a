import { setTimeout as wait } from "node:timers/promises";
import { expect, it, describe } from "vitest";
import { metrics, processMetrics } from "./index.ts";

describe("processMetrics", () => {
  it("knows the memory, the age and the load of the process", async () => {
    const m = metrics();
    const stop = processMetrics(m);
    await wait(30);
    m.read();
    stop();
    expect(m.sum("otelcol_process_memory_rss")).toBeGreaterThan(1e6);
    expect(m.sum("otelcol_process_runtime_heap_alloc_bytes")).toBeGreaterThan(1e5);
    expect(m.sum("otelcol_process_uptime")).toBeGreaterThan(0);
    expect(m.sum("otelcol_process_cpu_seconds")).toBeGreaterThan(0);
    expect(m.sum("otlpkit_event_loop_delay_seconds", { percentile: "100" })).toBeGreaterThanOrEqual(0);
    const utilization = m.sum("otlpkit_event_loop_utilization_ratio");
    expect(utilization).toBeGreaterThanOrEqual(0);
    expect(utilization).toBeLessThanOrEqual(1);
  });
});
