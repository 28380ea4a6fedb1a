import type { Metrics } from "./metrics.ts";
import type { PerformanceMonitor } from "./performance-monitor.ts";

/** Shows a monitor's last reading, its alarms and what it refused. `names` are those of its thresholds. */
export function monitorMetrics(metrics: Metrics, monitor: PerformanceMonitor, names: readonly string[]): void {
  const alarm = metrics.gauge("otlpkit_monitor_alarm", "1 while the alarm is up.", "state");
  const shed = metrics.counter("otlpkit_monitor_shed_requests", "Requests refused because an alarm was up.").with({});
  const cpu = metrics.gauge("otlpkit_process_cpu_ratio", "Share of the CPU time of all cores that was used.");
  const limit = metrics.gauge(
    "otlpkit_process_memory_limit_bytes",
    "What the process may use: of container or machine.",
  );
  const heapLimit = metrics.gauge("otlpkit_process_heap_limit_bytes", "Where V8 ends the process.");
  const read = metrics.gauge("otlpkit_process_disk_read_bytes_per_second", "Read from disks.", "bytes per second");
  const written = metrics.gauge("otlpkit_process_disk_write_bytes_per_second", "Written to disks.", "bytes per second");
  const free = metrics.gauge("otlpkit_disk_free_bytes", "Free room on the disk of a folder that is written to.");
  metrics.beforeRead(() => {
    const up = new Set(monitor.alarms().map(({ name }) => name));
    for (const name of names) alarm.with({ alarm: name }).set(up.has(name) ? 1 : 0);
    shed.total(monitor.shedBatches);
    const now = monitor.reading();
    if (now === undefined) return;
    cpu.set(now.cpuRatio);
    limit.set(now.memoryLimitBytes);
    heapLimit.set(now.heapLimitBytes);
    if (now.diskReadBytesPerSecond !== undefined) read.set(now.diskReadBytesPerSecond);
    if (now.diskWriteBytesPerSecond !== undefined) written.set(now.diskWriteBytesPerSecond);
    for (const { folder, freeBytes } of now.disks) free.with({ folder }).set(freeBytes);
  });
}
