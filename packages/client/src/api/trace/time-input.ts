import type { HrTime, TimeInput } from "@opentelemetry/api";
import { type Anchor, hrTimeAt } from "./span-clock.ts";

/**
 * Any form of a time that the OpenTelemetry API takes: `[seconds, nanoseconds]`, a `Date`, ms since 1970, or what
 * `performance.now()` said. Undefined: it is none, or before 1970.
 *
 * @param nowMs the monotonic clock: a number that is not more than that is of `performance.now()`.
 */
export function hrTimeOf(time: TimeInput, anchor: Anchor, nowMs: number): HrTime | undefined {
  if (typeof time === "number") return time >= 0 && time <= nowMs ? hrTimeAt(anchor, time) : hrTimeOfMs(time);
  if (time instanceof Date) return hrTimeOfMs(time.getTime());
  return isHrTime(time) ? [time[0], time[1]] : undefined;
}

/** Whether something is meant as a time; attributes of an event may stand in the same place. */
export function isTimeInput(value: unknown): value is TimeInput {
  return typeof value === "number" || value instanceof Date || Array.isArray(value);
}

function isHrTime(value: unknown): value is HrTime {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [seconds, nanoseconds]: unknown[] = value;
  return isCount(seconds, maxSeconds) && isCount(nanoseconds, 999_999_999);
}

function isCount(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

function hrTimeOfMs(ms: number): HrTime | undefined {
  const seconds = Math.floor(ms / 1000);
  const nanoseconds = Math.round((ms - seconds * 1000) * 1e6);
  if (!isCount(seconds, maxSeconds)) return undefined;
  return nanoseconds < 1e9 ? [seconds, nanoseconds] : [seconds + 1, 0];
}

// What fits into the 64 bits of nanoseconds that travel.
const maxSeconds = 18_446_744_072;
