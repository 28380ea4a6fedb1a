import { type Ack, type Batch, type ByteBudget, byteBudget, type ExportError } from "@otlpkit/core";

/** Runs `run` after `delayMs` and returns what cancels it. */
export type SetTimer = (run: () => void, delayMs: number) => () => void;

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
  /** No item is held longer than this before it is sent. `0`: nothing is held. Default 200, as in the Collector. */
  readonly maxAgeMs?: number;
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
  /** Bytes held or under way; what does not fit is refused with "overloaded". Default 64 MiB. May be shared. */
  readonly budget?: ByteBudget;
  /** Told about each request that was answered, and about items that were too large to send; must not throw. */
  readonly onAnswer?: (answer: BatchAnswer) => void;
  /** The clock that deadlines are on. Default `performance.now`. */
  readonly now?: () => number;
  /** Default `setTimeout`. */
  readonly setTimer?: SetTimer;
}

/** What became of one request. */
export interface BatchAnswer {
  /** As it was sent, whole. */
  readonly batch: Batch;
  /** How many callers' items are in it. */
  readonly callers: number;
  /** The answer, or why there is none. */
  readonly result: Ack | ExportError;
}

/** Options with everything filled in; no limit is `Infinity`. */
export interface Settings {
  readonly maxItems: number;
  readonly sendItems: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly maxConcurrent: number;
  readonly closeGraceMs: number;
  readonly budget: ByteBudget;
  readonly onAnswer: (answer: BatchAnswer) => void;
  readonly now: () => number;
  readonly setTimer: SetTimer;
}

/** Fills in defaults and checks limits, at the door. */
export function settle(options: BatchOptions): Settings {
  const maxItems = limit("maxItems", options.maxItems ?? 8192) || Infinity;
  const sendItems = options.sendItems ?? (maxItems === Infinity ? 8192 : maxItems);
  const maxConcurrent = options.maxConcurrent ?? 32;
  if (!(sendItems >= 1)) throw new RangeError(`batch: sendItems must be at least 1, not ${sendItems}`);
  if (!(maxConcurrent >= 1)) throw new RangeError(`batch: maxConcurrent must be at least 1, not ${maxConcurrent}`);
  return {
    maxItems,
    sendItems: Math.min(sendItems, maxItems),
    maxBytes: limit("maxBytes", options.maxBytes ?? 4 * 1024 * 1024) || Infinity,
    maxAgeMs: limit("maxAgeMs", options.maxAgeMs ?? 200),
    maxConcurrent,
    closeGraceMs: limit("closeGraceMs", options.closeGraceMs ?? 5_000),
    budget: options.budget ?? byteBudget(64 * 1024 * 1024),
    onAnswer: options.onAnswer ?? (() => {}),
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
