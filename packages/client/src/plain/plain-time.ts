import type { HrTime } from "@otlpkit/otlp";
import { invalidMember } from "./member.ts";

/**
 * A moment: a `Date`, ms since 1970 (fractions are kept), ns since 1970 as a bigint, or `[seconds, nanoseconds]` since
 * 1970.
 */
export type PlainTime = Date | number | bigint | readonly [seconds: number, nanoseconds: number];

// Times travel as unsigned 64-bit nanoseconds; the last whole second that fits.
const lastSecond = 18_446_744_072;

/**
 * Turns any form of a moment into seconds and nanoseconds.
 *
 * @throws ExportError "invalid" that names `member`, when it is none, lies before 1970 or after 2554.
 */
export function hrTime(member: string, time: PlainTime): HrTime {
  const [seconds, nanoseconds] = split(time);
  const whole = Number.isInteger(seconds) && Number.isInteger(nanoseconds);
  if (whole && seconds >= 0 && seconds <= lastSecond && nanoseconds >= 0 && nanoseconds < 1_000_000_000) {
    return [seconds, nanoseconds];
  }
  throw invalidMember(member, "a moment since 1970: a Date, a number of ms, a bigint of ns, or [s, ns]");
}

function split(time: PlainTime): readonly [number, number] {
  if (typeof time === "number") return hrTimeOfMs(time);
  if (typeof time === "bigint") return [Number(time / 1_000_000_000n), Number(time % 1_000_000_000n)];
  if (time instanceof Date) return hrTimeOfMs(time.getTime());
  if (Array.isArray(time) && time.length === 2) return [time[0], time[1]];
  return [Number.NaN, Number.NaN];
}

/** A moment in ms since 1970. Splits first and multiplies then: ms times a million is more than a number holds exactly. */
export function hrTimeOfMs(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  const nanoseconds = Math.round((ms - seconds * 1000) * 1_000_000);
  return nanoseconds < 1_000_000_000 ? [seconds, nanoseconds] : [seconds + 1, 0];
}
