import { ExportError, type Middleware } from "@otlpkit/core";
import type { PerformanceReading } from "./performance-reading.ts";

/**
 * When to raise an alarm. Between `raiseAt` and `clearAt` nothing changes, so that a value that wavers around one bound
 * does not ring all the time.
 */
export interface Threshold {
  /** What it is about, one or two words: "memory". */
  readonly name: string;
  /** The value to look at; `undefined` when it is not known, which changes nothing. */
  readonly value: (reading: PerformanceReading) => number | undefined;
  /** Raised once the value has been here or beyond for `raiseAfterMs`. */
  readonly raiseAt: number;
  /** Cleared once the value has been here or better for `clearAfterMs`. Above `raiseAt`: small values are the bad ones. */
  readonly clearAt: number;
  /** Default 0: at the first reading. */
  readonly raiseAfterMs?: number;
  /** Default 0. */
  readonly clearAfterMs?: number;
  /** Whether {@link PerformanceMonitor.shed} refuses load while the alarm is up. Default false. */
  readonly sheds?: boolean;
  /** How the value is written for people. Default: as a number. */
  readonly show?: (value: number) => string;
}

/** An alarm that was raised or cleared. */
export interface AlarmEvent {
  readonly name: string;
  readonly state: "raised" | "cleared";
  /** What was read, and the bound that it has passed. */
  readonly value: number;
  readonly bound: number;
  /** "memory is at 96 % (raised from 95 %)". */
  readonly message: string;
  /** How long it had been up when it was cleared; 0 when it is raised. */
  readonly lastedMs: number;
  readonly sheds: boolean;
}

export interface PerformanceMonitorOptions {
  /** Takes a reading: `performanceReader().read`, or what a test makes up. */
  readonly read: () => PerformanceReading | Promise<PerformanceReading>;
  readonly thresholds: readonly Threshold[];
  /** Told when an alarm is raised or cleared. Must not throw. */
  readonly onAlarm?: (event: AlarmEvent) => void;
  /** How often it looks, in ms. Default 1,000. */
  readonly intervalMs?: number;
  /** What those are told who are refused, in ms; up to half more, at random, so that they do not return all at once. Default 5,000. */
  readonly retryAfterMs?: number;
  /** Clock in ms. Default `performance.now`. */
  readonly now?: () => number;
  /** Runs something later and returns what cancels it. Default `setTimeout`, without holding the process. */
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** Watches this process, raises alarms and sheds load. */
export interface PerformanceMonitor {
  /**
   * Refuses batches with "overloaded" and a delay while an alarm is up that sheds. One at a time passes all the same, so
   * that the process is not left without work for ever: memory is given back only when something is allocated.
   */
  readonly shed: Middleware;
  /** The alarms that are up, with their messages. */
  alarms(): readonly { readonly name: string; readonly message: string; readonly sheds: boolean }[];
  /** The last reading. */
  reading(): PerformanceReading | undefined;
  /** Batches that were refused. */
  readonly shedBatches: number;
  /** Looks no more. Alarms that are up come down without an event. */
  close(): void;
}

interface Watch {
  readonly threshold: Threshold;
  /** When the alarm was raised, and its message. */
  up: { readonly atMs: number; readonly message: string } | undefined;
  /** Since when the value is on the other side. */
  turnedMs: number | undefined;
}

/** Begins to look, for the first time after one interval. */
export function performanceMonitor(options: PerformanceMonitorOptions): PerformanceMonitor {
  const { intervalMs = 1_000, onAlarm, read, retryAfterMs = 5_000, random = Math.random } = options;
  const now = options.now ?? (() => performance.now());
  const setTimer = options.setTimer ?? unheldTimer;
  const watches = options.thresholds.map((threshold): Watch => ({ threshold, up: undefined, turnedMs: undefined }));
  let last: PerformanceReading | undefined;
  let shedBatches = 0;
  let passing = false;
  let closed = false;
  let cancel = setTimer(look, intervalMs);

  function look(): void {
    void Promise.resolve()
      .then(read)
      .then((reading) => {
        if (closed) return;
        last = reading;
        for (const watch of watches) judge(watch, reading);
      })
      // A reading that cannot be had says nothing; the next one may.
      .catch(() => undefined)
      .finally(() => {
        if (!closed) cancel = setTimer(look, intervalMs);
      });
  }

  function judge(watch: Watch, reading: PerformanceReading): void {
    const {
      clearAfterMs = 0,
      clearAt,
      name,
      raiseAfterMs = 0,
      raiseAt,
      sheds = false,
      value: valueOf,
    } = watch.threshold;
    const value = valueOf(reading);
    if (value === undefined || Number.isNaN(value)) return;
    const low = clearAt > raiseAt;
    const isBad = low ? value <= raiseAt : value >= raiseAt;
    const isGood = low ? value >= clearAt : value <= clearAt;
    const turned = watch.up === undefined ? isBad : isGood;
    if (!turned) {
      watch.turnedMs = undefined;
      return;
    }
    const atMs = now();
    watch.turnedMs ??= atMs;
    if (atMs - watch.turnedMs < (watch.up === undefined ? raiseAfterMs : clearAfterMs)) return;
    watch.turnedMs = undefined;
    const { show = String } = watch.threshold;
    if (watch.up === undefined) {
      const message = `${name} is at ${show(value)} (alarm from ${show(raiseAt)}${sheds ? ", load is refused" : ""})`;
      watch.up = { atMs, message };
      onAlarm?.({ name, state: "raised", value, bound: raiseAt, message, lastedMs: 0, sheds });
    } else {
      const lastedMs = atMs - watch.up.atMs;
      watch.up = undefined;
      const message = `${name} is at ${show(value)} again`;
      onAlarm?.({ name, state: "cleared", value, bound: clearAt, message, lastedMs, sheds });
    }
  }

  function shedding(): Watch | undefined {
    return watches.find(({ up, threshold }) => up !== undefined && threshold.sheds === true);
  }

  return {
    shed: (next) => ({
      send(batch, sendOptions) {
        const because = shedding();
        if (because === undefined) return next.send(batch, sendOptions);
        if (passing) {
          shedBatches++;
          const details = { retryAfterMs: Math.round(retryAfterMs * (1 + random() / 2)) };
          return Promise.reject(new ExportError("overloaded", `${because.up?.message}; send again later`, details));
        }
        passing = true;
        return next.send(batch, sendOptions).finally(() => (passing = false));
      },
      close: () => next.close(),
    }),
    alarms: () =>
      watches.flatMap(({ threshold: { name, sheds = false }, up }) =>
        up === undefined ? [] : [{ name, message: up.message, sheds }],
      ),
    reading: () => last,
    get shedBatches() {
      return shedBatches;
    },
    close() {
      closed = true;
      cancel();
      for (const watch of watches) watch.up = undefined;
    },
  };
}

function unheldTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}
