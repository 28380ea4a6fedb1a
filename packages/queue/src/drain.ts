import { type Ack, type Batch, ExportError, type Sender } from "@otlpkit/core";
import { lane, type Lane, type Task } from "./lane.ts";
import type { DrainOptions, SetTimer } from "./options.ts";
import type { Refusal } from "./queue.ts";

/** What the drain needs of the queue around it. */
export interface Source {
  /** The record if it is still to be delivered; what can't be is settled there. */
  load(sequence: number): Promise<{ readonly batch: Batch; readonly acceptedAtMs: number } | undefined>;
  /** Writes down that it is under way. */
  begin(sequence: number): Promise<void>;
  delivered(sequence: number, batch: Batch, acceptedAtMs: number, ack: Ack): void;
  /** Keeps it as a dead letter. */
  refused(sequence: number, batch: Batch, refusal: Refusal, error: ExportError): Promise<void>;
  /** It will be tried again. */
  failed(sequence: number, tenant: string | undefined, attempt: number, delayMs: number, error: ExportError): void;
  readonly now: () => number;
  readonly wallClock: () => number;
  readonly setTimer: SetTimer;
  readonly random: () => number;
}

/** Delivers to one destination. */
export interface Drain {
  readonly underWay: number;
  readonly waiting: number;
  push(sequence: number, tenant: string | undefined): void;
  /** Looks for work; after pushing. */
  go(): void;
  /** Begins nothing new. */
  stop(): void;
  /** Breaks off what is under way. */
  abort(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export function drain(consumer: string, next: Sender, options: DrainOptions, source: Source): Drain {
  const { now, setTimer, random } = source;
  const concurrency = options.concurrency ?? 8;
  const attemptTimeoutMs = options.attemptTimeoutMs ?? 60_000;
  const initialDelayMs = options.initialDelayMs ?? 1000;
  const maxDelayMs = options.maxDelayMs ?? 30_000;
  const maxRetryAfterMs = options.maxRetryAfterMs ?? 300_000;
  const isFinal = options.isFinal ?? finalByDefault;
  const keepsFinal = options.onFinal === "keep";
  const lanes = new Map<string | undefined, Lane>();
  const controller = new AbortController();
  let turn: (string | undefined)[] = [];
  let underWay = 0;
  let stopped = false;
  let timer: { readonly atMs: number; readonly cancel: () => void } | undefined;
  let onIdle: (() => void)[] = [];

  const delayMs = (failures: number): number => {
    const wait = Math.min(initialDelayMs * 1.5 ** Math.min(failures - 1, 50), maxDelayMs);
    return Math.ceil(wait * (0.5 + random()));
  };

  function laneOf(tenant: string | undefined): Lane {
    let found = lanes.get(tenant);
    if (found === undefined) {
      found = lane({
        newestFirst: options.first === "newest",
        concurrency: options.concurrencyPerTenant ?? (tenant === undefined ? concurrency : Math.ceil(concurrency / 2)),
        overtakeAfterAttempts: options.overtakeAfterAttempts ?? 3,
        delayMs,
      });
      lanes.set(tenant, found);
      turn.push(tenant);
    }
    return found;
  }

  /** Begins what may be begun: one batch of each tenant in turn. */
  function go(): void {
    let idleLanes = 0;
    while (!stopped && underWay < concurrency && idleLanes < turn.length) {
      const tenant = turn.shift();
      const its = lanes.get(tenant) as Lane;
      if (its.empty) {
        lanes.delete(tenant);
        continue;
      }
      turn.push(tenant);
      const task = its.take(now());
      if (task === undefined) idleLanes++;
      else {
        idleLanes = 0;
        underWay++;
        void deliver(its, task);
      }
    }
    if (!stopped && underWay < concurrency) wakeLater();
  }

  function wakeLater(): void {
    let atMs = Infinity;
    for (const its of lanes.values()) atMs = Math.min(atMs, its.dueMs);
    if (atMs === Infinity || (timer !== undefined && timer.atMs <= atMs)) return;
    timer?.cancel();
    const cancel = setTimer(
      () => {
        timer = undefined;
        go();
      },
      Math.max(Math.ceil(atMs - now()), 1),
    );
    timer = { atMs, cancel };
  }

  async function deliver(its: Lane, task: Task): Promise<void> {
    const { sequence } = task;
    let batch: Batch | undefined;
    try {
      const loaded = await source.load(sequence);
      batch = loaded?.batch;
      if (loaded === undefined || stopped) {
        its.dropped(task);
        return;
      }
      await source.begin(sequence);
      const deadline = now() + attemptTimeoutMs;
      const ack = await next.send(loaded.batch, { deadline, signal: controller.signal });
      source.delivered(sequence, loaded.batch, loaded.acceptedAtMs, ack);
      its.succeeded(task);
    } catch (thrown) {
      const error = ExportError.is(thrown) ? thrown : diskError(thrown, batch);
      await decide(its, task, batch, error);
    } finally {
      underWay--;
      if (underWay === 0) {
        for (const resolve of onIdle) resolve();
        onIdle = [];
      }
      go();
    }
  }

  async function decide(its: Lane, task: Task, batch: Batch | undefined, error: ExportError): Promise<void> {
    const { sequence } = task;
    const attempts = task.attempts + 1;
    if (batch !== undefined && isFinal(error) && !keepsFinal) {
      try {
        const { code, message } = error;
        await source.refused(sequence, batch, { consumer, code, message, attempts, atMs: source.wallClock() }, error);
        // The destination answered, so it is there.
        its.succeeded(task);
        return;
      } catch (thrown) {
        // It stays in the queue until it can be kept elsewhere.
        return failed(its, task, batch, ExportError.from(thrown, "cannot keep a dead letter"));
      }
    }
    return failed(its, task, batch, error);
  }

  function failed(its: Lane, task: Task, batch: Batch | undefined, error: ExportError): void {
    const pauseMs = error.retryable ? Math.min(error.retryAfterMs, maxRetryAfterMs) : 0;
    const waitMs = its.failed(task, now(), pauseMs);
    if (!stopped) source.failed(task.sequence, batch?.tenant, task.attempts + 1, waitMs, error);
  }

  return {
    get underWay() {
      return underWay;
    },
    get waiting() {
      return [...lanes.values()].reduce((sum, { waiting }) => sum + waiting, 0);
    },
    push: (sequence, tenant) => laneOf(tenant).push(sequence),
    go,
    stop() {
      stopped = true;
      timer?.cancel();
      timer = undefined;
    },
    abort: () => controller.abort(),
    idle: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => onIdle.push(resolve))),
  };
}

/** Errors that say nothing about the batch, though they are not to be tried again by a program without a queue. */
const notItsFault: ReadonlySet<string> = new Set(["closed", "cancelled", "unauthenticated", "forbidden"]);

function finalByDefault(error: ExportError): boolean {
  return !error.retryable && !notItsFault.has(error.code);
}

function diskError(thrown: unknown, batch: Batch | undefined): ExportError {
  // Before there is a batch, it was the disk; afterwards the sender.
  if (batch !== undefined) return ExportError.from(thrown, `cannot send ${batch.signal}`);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new ExportError("unavailable", `cannot read a record: ${reason}`, { cause: thrown });
}
