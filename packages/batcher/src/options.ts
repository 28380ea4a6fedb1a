import { type Ack, type Batch, type ByteBudget, byteBudget, type ExportError } from "@otlpkit/core";
import type { BufferPool } from "./buffer-pool.ts";

/** Runs `run` after `delayMs` and returns what cancels it. */
export type SetTimer = (run: () => void, delayMs: number) => () => void;

/**
 * What becomes of a batch for which the budget has no room.
 *
 * | policy | the new batch | what is there already |
 * |---|---|---|
 * | `refuse` | fails with "overloaded", retryable, and a `retryAfterMs` from how fast bytes go: send it later | stays |
 * | `block` | waits for room, first come, first served, until its deadline or abort | stays |
 * | `drop-newest` | is dropped | stays |
 * | `drop-oldest` | comes in, if what is not under way can make room for it; else it is dropped | of what is not under way the oldest are dropped |
 * | `sample` | is dropped; and from half full on so are others, by a chance that grows to certainty | stays |
 *
 * What is dropped fails with "overloaded" and `retryable` false: nobody should send it again, so that `retryable` alone
 * tells "not now" from "gone". A batch larger than the whole budget fails with "too-large" in any case.
 */
export type WhenFull = "refuse" | "block" | "drop-newest" | "drop-oldest" | "sample";

/** Options of `batch`. */
export interface BatchOptions {
  /**
   * No request has more items than this; larger batches are split. `0`: no limit, as with the Collector's
   * `send_batch_max_size`. Default 8,192.
   */
  readonly maxItems?: number;
  /** A request is sent as soon as it has so many items. Default `maxItems`, or 8,192 where that is 0. */
  readonly sendItems?: number;
  /**
   * No request has more bytes than this, before compression; larger batches are split, and a single item above it is
   * rejected. `0`: no limit. Default 4 MiB, because many receivers still refuse more and call that final (N1-07).
   */
  readonly maxBytes?: number;
  /**
   * No item is held longer than this before its request wants to go. `0`: it wants to go at once, and takes more only
   * while it must wait for its turn. Default 200, as in the Collector.
   */
  readonly maxAgeMs?: number;
  /**
   * Hold nothing while nothing of the signal is under way: the first batch goes at once, and what comes meanwhile goes
   * with the answer, if neither age nor size have sent it before. So requests are prompt when there is little to do, and
   * grow as there is more. Default false, as in the Collector.
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
  /**
   * Bytes held or under way, never more. Default 64 MiB, of this stage alone. It may be shared; then "block" is first come,
   * first served only among those who wait here, and looks every 100 ms for what others gave back.
   */
  readonly budget?: ByteBudget;
  /** What to do when the budget is used up. Default "refuse": whoever sends knows best what can wait. */
  readonly whenFull?: WhenFull;
  /**
   * Memory for merged requests, used again once a request is accepted; after an error never. Only where whatever is behind
   * has then let go of the bytes: a compressor that makes its own, a file. Not with a queue in memory, a second destination,
   * `onAnswer` that keeps batches, or a retry over plain connections, where an attempt that was given up may still be on
   * its way. Default: none, new memory each time.
   */
  readonly pool?: BufferPool;
  /**
   * Told what became of every item that was given to `send`: each is in exactly one answer, whether it was sent or not, so
   * that who adds them up has them all. Must not throw.
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
  /** A request as it was sent; or one caller's batch, or a piece of it, that was not. */
  readonly batch: Batch;
  /** How many batches of callers, or pieces of them, are in it. */
  readonly callers: number;
  /** The answer, or why there is none. */
  readonly result: Ack | ExportError;
  /**
   * Whether it was handed on. False with "too-large", "overloaded", "timeout", "cancelled" and "closed" that came before,
   * and with "invalid" for what should have been split and could not be read.
   */
  readonly sent: boolean;
}

/** Options with everything filled in; no limit is `Infinity`. */
export type Settings = Required<Omit<BatchOptions, "pool">> & Pick<BatchOptions, "pool">;

const policies = ["refuse", "block", "drop-newest", "drop-oldest", "sample"];

/** Fills in defaults and checks limits, at the door. */
export function settle(options: BatchOptions): Settings {
  const maxItems = limit("maxItems", options.maxItems ?? 8192) || Infinity;
  const sendItems = limit("sendItems", options.sendItems ?? (maxItems === Infinity ? 8192 : maxItems), 1);
  const settings: Settings = {
    maxItems,
    sendItems: Math.min(sendItems, maxItems),
    maxBytes: limit("maxBytes", options.maxBytes ?? 4 * 1024 * 1024) || Infinity,
    maxAgeMs: limit("maxAgeMs", options.maxAgeMs ?? 200),
    prompt: options.prompt ?? false,
    maxConcurrent: limit("maxConcurrent", options.maxConcurrent ?? 32, 1),
    closeGraceMs: limit("closeGraceMs", options.closeGraceMs ?? 5_000),
    budget: options.budget ?? byteBudget(64 * 1024 * 1024),
    whenFull: options.whenFull ?? "refuse",
    onAnswer: options.onAnswer ?? (() => {}),
    random: options.random ?? Math.random,
    now: options.now ?? (() => performance.now()),
    setTimer: options.setTimer ?? timeout,
    ...(options.pool && { pool: options.pool }),
  };
  if (policies.includes(settings.whenFull)) return settings;
  throw new RangeError(`batch: whenFull must be one of ${policies.join(", ")}, not ${settings.whenFull}`);
}

function limit(name: string, value: number, least = 0): number {
  if (value >= least) return value;
  throw new RangeError(`batch: ${name} must be ${least} or more, not ${value}`);
}

// Not unref'd: who awaits a held batch waits for it.
function timeout(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
