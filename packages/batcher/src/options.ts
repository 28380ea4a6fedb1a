import { type Ack, type Batch, type ByteBudget, byteBudget, type ExportError } from "@otlpkit/core";
import type { BufferPool } from "./buffer-pool.ts";

/** Runs `run` after `delayMs` and returns what cancels it. */
export type SetTimer = (run: () => void, delayMs: number) => () => void;

/**
 * What happens to a batch for which there is no room.
 *
 * | policy | the batch | who waits already |
 * |---|---|---|
 * | `refuse` | fails with "overloaded" and a `retryAfterMs` made of how fast bytes go: send it later | stays |
 * | `block` | waits for room, first come first served, until its deadline or abort | stays |
 * | `drop-newest` | fails with "overloaded", `retryable` false: it is gone | stays |
 * | `drop-oldest` | takes the place of what has waited longest | the oldest that are not under way are gone likewise |
 * | `sample` | from half full on it is dropped by a chance that grows to certainty, so that what is left is an even part | stays |
 *
 * A batch larger than all the room there is fails with "too-large" in any case.
 */
export type WhenFull = "refuse" | "block" | "drop-newest" | "drop-oldest" | "sample";

/** Options of `batch`. */
export interface BatchOptions {
  /**
   * No request has more items than this; larger ones are split. `0`: no limit, as with the Collector's
   * `send_batch_max_size`. Default 8,192.
   */
  readonly maxItems?: number;
  /** A request is sent as soon as it has so many items. Default `maxItems`, or 8,192 where that is 0. */
  readonly sendItems?: number;
  /**
   * No request has more bytes than this, before compression; larger ones are split, and a single item above it is
   * rejected. `0`: no limit. Default 4 MiB, because many receivers still refuse more and call that final (N1-07).
   */
  readonly maxBytes?: number;
  /**
   * No item is held longer than this before its request wants to go. `0`: it wants to go at once, and is merged only while
   * it must wait for its turn. Default 200, as in the Collector.
   */
  readonly maxAgeMs?: number;
  /**
   * Send at once while nothing of a signal is under way, and wait for company only while something is: prompt when idle,
   * large under pressure. Default false, as in the Collector.
   */
  readonly prompt?: boolean;
  /**
   * Requests under way at one time, for each signal. While all are, what arrives goes on being merged. `Infinity`: no
   * limit. Default 32.
   */
  readonly maxConcurrent?: number;
  /**
   * How long `close` waits for answers before it closes what is behind, which ends retries. Default 5,000: enough for a
   * short outage, and well within the 30 s that Kubernetes grants.
   */
  readonly closeGraceMs?: number;
  /** Bytes held or under way, never more. Default 64 MiB. May be shared. */
  readonly budget?: ByteBudget;
  /** What to do when the budget is used up. Default "refuse": whoever sends knows best what can wait. */
  readonly whenFull?: WhenFull;
  /**
   * Memory for merged requests, given back once they are accepted. Only where nothing behind keeps a batch after it has
   * answered, as a queue in memory or a fan-out might. Default: none, new memory each time.
   */
  readonly pool?: BufferPool;
  /**
   * Told what became of every item given to `send`, each exactly once, whether it was sent or not: so whoever adds up can
   * say where everything is. Must not throw.
   */
  readonly onAnswer?: (answer: BatchAnswer) => void;
  /** From 0 to below 1, for "sample". Default `Math.random`. */
  readonly random?: () => number;
  /** The clock that deadlines are on. Default `performance.now`. */
  readonly now?: () => number;
  /** Default `setTimeout`. */
  readonly setTimer?: SetTimer;
}

/** What became of some items. */
export interface BatchAnswer {
  /** A request as it was sent; or what was not sent of one caller's batch. */
  readonly batch: Batch;
  /** How many callers' items are in it. */
  readonly callers: number;
  /** The answer, or why there is none. */
  readonly result: Ack | ExportError;
  /** Whether it was handed on at all. False: too large, no room, given up before it was its turn, or closed. */
  readonly sent: boolean;
}

/** Options with everything filled in; no limit is `Infinity`. */
export interface Settings {
  readonly maxItems: number;
  readonly sendItems: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly prompt: boolean;
  readonly maxConcurrent: number;
  readonly closeGraceMs: number;
  readonly budget: ByteBudget;
  readonly whenFull: WhenFull;
  readonly pool: BufferPool | undefined;
  readonly onAnswer: (answer: BatchAnswer) => void;
  readonly random: () => number;
  readonly now: () => number;
  readonly setTimer: SetTimer;
}

const policies: ReadonlySet<string> = new Set(["refuse", "block", "drop-newest", "drop-oldest", "sample"]);

/** Fills in defaults and checks limits, at the door. */
export function settle(options: BatchOptions): Settings {
  const maxItems = limit("maxItems", options.maxItems ?? 8192) || Infinity;
  const sendItems = options.sendItems ?? (maxItems === Infinity ? 8192 : maxItems);
  const { maxConcurrent = 32, whenFull = "refuse" } = options;
  if (!(sendItems >= 1)) throw new RangeError(`batch: sendItems must be at least 1, not ${sendItems}`);
  if (!(maxConcurrent >= 1)) throw new RangeError(`batch: maxConcurrent must be at least 1, not ${maxConcurrent}`);
  if (!policies.has(whenFull)) {
    throw new RangeError(`batch: whenFull must be one of ${[...policies].join(", ")}, not "${whenFull}"`);
  }
  return {
    maxItems,
    sendItems: Math.min(sendItems, maxItems),
    maxBytes: limit("maxBytes", options.maxBytes ?? 4 * 1024 * 1024) || Infinity,
    maxAgeMs: limit("maxAgeMs", options.maxAgeMs ?? 200),
    prompt: options.prompt ?? false,
    maxConcurrent,
    closeGraceMs: limit("closeGraceMs", options.closeGraceMs ?? 5_000),
    budget: options.budget ?? byteBudget(64 * 1024 * 1024),
    whenFull,
    pool: options.pool,
    onAnswer: options.onAnswer ?? (() => {}),
    random: options.random ?? Math.random,
    now: options.now ?? (() => performance.now()),
    setTimer: options.setTimer ?? timeout,
  };
}

function limit(name: string, value: number): number {
  if (value >= 0) return value;
  throw new RangeError(`batch: ${name} must be 0 or more, not ${value}`);
}

// Not unref'd: who awaits a held batch waits for it.
function timeout(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
