import type { Threshold } from "./performance-monitor.ts";
import type { PerformanceReading } from "./performance-reading.ts";

/** The bounds of a threshold; see {@link Threshold}. */
export type Bounds = Pick<Threshold, "raiseAt" | "clearAt" | "raiseAfterMs" | "clearAfterMs" | "sheds">;

/** What {@link usualThresholds} watches. */
export interface ThresholdOptions {
  /** Resident memory, as a share of the limit. */
  readonly memory?: Bounds;
  /** V8's heap, as a share of its limit. */
  readonly heap?: Bounds;
  /** CPU time, as a share of all cores. */
  readonly cpu?: Bounds;
  /** The delay of the event loop that one timer in a hundred exceeds, in ms. */
  readonly eventLoopDelay?: Bounds;
  /** Free room on the disks, as a share; the fullest counts. `raiseAt` is the smaller. */
  readonly diskFree?: Bounds;
}

/**
 * Bounds for a process that passes data on:
 *
 * | | raised | cleared | refuses load |
 * |---|---|---|---|
 * | memory | 95 % for 2 s | 85 % for 2 s | yes: soon the system would kill the process, and with it what it holds |
 * | heap | 95 % for 2 s | 85 % for 2 s | yes: soon V8 would end the process |
 * | event loop | 2 s late for 3 s | 0.5 s for 3 s | yes: senders' deadlines pass, and what they repeat makes it worse |
 * | CPU | 95 % for 30 s | 85 % for 10 s | no: a busy relay does its work, and what it cannot do meets other bounds |
 * | disk | 5 % free | 10 % free | no: the queue refuses by itself when the disk is full, and others need no disk |
 */
export const usualBounds: Required<ThresholdOptions> = {
  memory: { raiseAt: 0.95, clearAt: 0.85, raiseAfterMs: 2_000, clearAfterMs: 2_000, sheds: true },
  heap: { raiseAt: 0.95, clearAt: 0.85, raiseAfterMs: 2_000, clearAfterMs: 2_000, sheds: true },
  eventLoopDelay: { raiseAt: 2_000, clearAt: 500, raiseAfterMs: 3_000, clearAfterMs: 3_000, sheds: true },
  cpu: { raiseAt: 0.95, clearAt: 0.85, raiseAfterMs: 30_000, clearAfterMs: 10_000, sheds: false },
  diskFree: { raiseAt: 0.05, clearAt: 0.1, sheds: false },
};

/** Thresholds with the usual bounds, or with yours; what is `null` is not watched. */
export function usualThresholds(
  options: { readonly [Name in keyof ThresholdOptions]: Bounds | null } = {},
): readonly Threshold[] {
  const of = (name: keyof ThresholdOptions, rest: Omit<Threshold, keyof Bounds>): Threshold[] => {
    const bounds = options[name] === undefined ? usualBounds[name] : options[name];
    return bounds === null ? [] : [{ ...rest, ...bounds }];
  };
  return [
    ...of("memory", { name: "memory", value: (now) => now.rssBytes / now.memoryLimitBytes, show: percent }),
    ...of("heap", { name: "heap", value: (now) => now.heapUsedBytes / now.heapLimitBytes, show: percent }),
    ...of("eventLoopDelay", { name: "event loop", value: (now) => now.eventLoopDelayMs, show: late }),
    ...of("cpu", { name: "cpu", value: (now) => now.cpuRatio, show: percent }),
    ...of("diskFree", { name: "disk", value: leastFree, show: (ratio) => `${percent(ratio)} free` }),
  ];
}

function leastFree({ disks }: PerformanceReading): number | undefined {
  if (disks.length === 0) return undefined;
  return Math.min(...disks.map(({ freeBytes, totalBytes }) => (totalBytes > 0 ? freeBytes / totalBytes : 1)));
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

function late(ms: number): string {
  return `${Math.round(ms)} ms late`;
}
