import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics } from "./metrics.ts";

/**
 * Adds what there is to know about this process: the Collector's `otelcol_process_*`, and the delay of the event loop,
 * whose growth is the first sign of overload in Node.
 *
 * @returns stops the measuring of the event loop
 */
export function processMetrics(metrics: Metrics): () => void {
  const rss = metrics.gauge("otelcol_process_memory_rss", "Resident memory of the process, in bytes.");
  const heap = metrics.gauge("otelcol_process_runtime_heap_alloc_bytes", "Bytes of live and dead objects in the heap.");
  const external = metrics.gauge("otlpkit_process_external_bytes", "Bytes of buffers outside of the heap.");
  const cpu = metrics.gauge("otelcol_process_cpu_seconds", "User and system time of the process.");
  const uptime = metrics.gauge("otelcol_process_uptime", "Seconds since the process started.");
  const handles = metrics.gauge("otlpkit_process_open_handles", "Sockets, timers and files that keep the process up.");
  const delay = metrics.gauge("otlpkit_event_loop_delay_seconds", "How late timers fire, since the last reading.");

  // 20 ms: a timer that fires fifty times a second cannot be seen in a profile, and short stalls are still found.
  const resolutionMs = 20;
  const loop = monitorEventLoopDelay({ resolution: resolutionMs });
  loop.enable();
  metrics.beforeRead(() => {
    const memory = process.memoryUsage();
    rss.set(memory.rss);
    heap.set(memory.heapUsed);
    external.set(memory.external);
    const used = process.cpuUsage();
    cpu.set((used.user + used.system) / 1e6);
    uptime.set(process.uptime());
    handles.set(process.getActiveResourcesInfo().length);
    for (const [quantile, percentile] of [
      ["0.5", 50],
      ["0.99", 99],
      ["1", 100],
    ] as const) {
      // The histogram holds whole intervals; what is above the resolution is the delay.
      const ns = loop.count === 0 ? 0 : loop.percentile(percentile) - resolutionMs * 1e6;
      delay.with({ quantile }).set(Math.max(0, ns) / 1e9);
    }
    loop.reset();
  });
  return () => void loop.disable();
}
