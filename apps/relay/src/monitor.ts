import type { Middleware } from "@otlpkit/core";
import {
  type AlarmEvent,
  type Bounds,
  type Health,
  type Log,
  type Metrics,
  monitorMetrics,
  performanceMonitor,
  performanceReader,
  usualThresholds,
} from "@otlpkit/telemetry";
import type { AlarmConfig, MonitorConfig } from "./settings/monitor.ts";

/** Watches the process of a relay. */
export interface Monitor {
  /** Stands in front of the pipelines. */
  readonly stage: Middleware;
  close(): void;
}

/** Begins to watch; `folders` are those on whose disks the relay writes. */
export function startMonitor(
  config: MonitorConfig,
  folders: readonly string[],
  { health, log, metrics }: { readonly health: Health; readonly log: Log; readonly metrics: Metrics },
): Monitor {
  if (!config.enabled) return { stage: (next) => next, close: () => undefined };
  const part = health.component("monitor");
  part.set("ready");
  const thresholds = usualThresholds({
    memory: boundsOf(config.memory),
    heap: boundsOf(config.heap),
    eventLoopDelay: boundsOf(config.event_loop),
    cpu: boundsOf(config.cpu),
    diskFree: boundsOf(config.disk_free),
  });
  const reader = performanceReader(folders);
  const monitor = performanceMonitor({
    read: () => reader.read(),
    thresholds,
    intervalMs: config.interval,
    retryAfterMs: config.retry_after,
    onAlarm,
  });
  const names = thresholds.map(({ name }) => name);
  monitorMetrics(metrics, monitor, names);

  function onAlarm({ lastedMs, message, sheds, state }: AlarmEvent): void {
    if (state === "cleared") log.info(message, { alarm_state: state, lasted_ms: Math.round(lastedMs) });
    else log[sheds ? "error" : "warn"](message, { alarm_state: state });
    const up = monitor.alarms();
    part.set(up.length === 0 ? "ready" : "degraded", up.map((alarm) => alarm.message).join("; ") || undefined);
  }

  return {
    stage: monitor.shed,
    close() {
      monitor.close();
      reader.close();
      part.remove();
    },
  };
}

function boundsOf(config: AlarmConfig): Bounds | null {
  if (!config.enabled) return null;
  const { clear_after, clear_at, raise_after, raise_at, shed } = config;
  return { raiseAt: raise_at, clearAt: clear_at, raiseAfterMs: raise_after, clearAfterMs: clear_after, sheds: shed };
}
