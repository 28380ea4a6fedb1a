import { check, duration, flag, number, or, section, type SectionOf, type Shape } from "@otlpkit/config";
import { type Bounds, usualBounds } from "@otlpkit/telemetry";

const ratio = number({ min: 0, max: 1 });

/** One alarm: see the table of `usualBounds` for what is usual, and why. */
function alarm(value: Shape<number>, usual: Bounds, bad: "high" | "low" = "high") {
  const keys = section({
    enabled: or(flag, true),
    raise_at: or(value, usual.raiseAt),
    clear_at: or(value, usual.clearAt),
    raise_after: or(duration, usual.raiseAfterMs ?? 0),
    clear_after: or(duration, usual.clearAfterMs ?? 0),
    shed: or(flag, usual.sheds ?? false),
  });
  return check(keys, ({ clear_at: clear, raise_at: raise }) => {
    if (clear === raise) return undefined;
    return clear < raise === (bad === "high")
      ? undefined
      : `clear_at must be ${bad === "high" ? "below" : "above"} raise_at`;
  });
}

/** `service.monitor`, ours: watches the process, tells in the log and in its health, and refuses load at the extremes. */
export const monitorConfig = section({
  enabled: or(flag, true),
  interval: or(
    check(duration, (ms) => (ms >= 100 ? undefined : "must be at least 100ms")),
    1_000,
  ),
  /** What refused senders are told. */
  retry_after: or(duration, 5_000),
  memory: alarm(ratio, usualBounds.memory),
  heap: alarm(ratio, usualBounds.heap),
  cpu: alarm(ratio, usualBounds.cpu),
  event_loop: alarm(duration, usualBounds.eventLoopDelay),
  disk_free: alarm(ratio, usualBounds.diskFree, "low"),
});
export type MonitorConfig = SectionOf<{ monitor: typeof monitorConfig }>["monitor"];
export type AlarmConfig = MonitorConfig["memory"];
