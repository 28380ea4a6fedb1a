import { constants, monitorEventLoopDelay, performance, PerformanceObserver } from "node:perf_hooks";
import type { Metrics } from "./metrics.ts";

/**
 * Adds what there is to know about this process: the Collector's `otelcol_process_*`, and what matters in Node: the delay
 * and load of the event loop, whose growth is the first sign of overload, and the pauses of the garbage collector.
 *
 * What is "since the last reading" is so for whoever reads: two scrapers share the readings between them.
 *
 * @returns stops the measuring
 */
export function processMetrics(metrics: Metrics): () => void {
  const rss = metrics.gauge("otelcol_process_memory_rss", "Resident memory of the process.", "bytes");
  const heap = metrics.gauge("otelcol_process_runtime_heap_alloc_bytes", "Bytes of live and dead objects in the heap.");
  const system = metrics.gauge(
    "otelcol_process_runtime_total_sys_memory_bytes",
    "Bytes that the heap and buffers have from the system.",
  );
  const external = metrics.gauge("otlpkit_process_external_bytes", "Bytes of buffers outside of the heap.");
  const cpu = metrics.counter("otelcol_process_cpu_seconds", "User and system time of the process.");
  const uptime = metrics.counter("otelcol_process_uptime", "Time since the process started.", "seconds");
  const handles = metrics.gauge("otlpkit_process_open_handles", "Sockets, timers and files that keep the process up.");
  const delay = metrics.gauge("otlpkit_event_loop_delay_seconds", "How late timers fire, since the last reading.");
  const utilization = metrics.gauge(
    "otlpkit_event_loop_utilization_ratio",
    "Share of the time that the event loop was busy, since the last reading.",
  );

  // 20 ms: a timer that fires fifty times a second cannot be seen in a profile, and short stalls are still found.
  const resolutionMs = 20;
  const loop = monitorEventLoopDelay({ resolution: resolutionMs });
  loop.enable();
  let busy = performance.eventLoopUtilization();
  const stopCollector = collectorMetrics(metrics);
  metrics.beforeRead(() => {
    const memory = process.memoryUsage();
    rss.set(memory.rss);
    heap.set(memory.heapUsed);
    system.set(memory.heapTotal + memory.external);
    external.set(memory.external);
    const used = process.cpuUsage();
    cpu.with({}).total((used.user + used.system) / 1e6);
    uptime.with({}).total(process.uptime());
    handles.set(process.getActiveResourcesInfo().length);
    for (const percentile of [50, 99, 100]) {
      // The histogram holds whole intervals; what is above the resolution is the delay.
      const ns = loop.count === 0 ? 0 : loop.percentile(percentile) - resolutionMs * 1e6;
      delay.with({ percentile: String(percentile) }).set(Math.max(0, ns) / 1e9);
    }
    loop.reset();
    const now = performance.eventLoopUtilization();
    utilization.set(performance.eventLoopUtilization(now, busy).utilization);
    busy = now;
  });
  return () => {
    loop.disable();
    stopCollector();
  };
}

const pauseBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

function collectorMetrics(metrics: Metrics): () => void {
  const pauses = metrics.histogram("otlpkit_gc_pause_seconds", "Pauses of the garbage collector.", pauseBounds);
  const kinds = new Map([
    [constants.NODE_PERFORMANCE_GC_MINOR, pauses.with({ kind: "minor" })],
    [constants.NODE_PERFORMANCE_GC_MAJOR, pauses.with({ kind: "major" })],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, pauses.with({ kind: "incremental" })],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, pauses.with({ kind: "weak" })],
  ]);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as unknown as { readonly detail: { readonly kind: number } };
      kinds.get(detail.kind)?.observe(entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
}
