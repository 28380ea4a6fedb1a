import { type Ack, type Batch, ExportError, type Middleware, type SendOptions } from "@otlpkit/core";
import { failureRatio } from "./failure-ratio.ts";

/** Closed: everything goes through. Open: nothing does. Half-open: a few do, to see. */
export type BreakerState = "closed" | "open" | "half-open";

/** The breaker of a destination changed its mind. */
export interface BreakerEvent {
  readonly from: BreakerState;
  readonly to: BreakerState;
  /** How long it stays open; 0 unless `to` is "open". */
  readonly openMs: number;
  /** What tipped the scales. */
  readonly error?: ExportError;
}

/** Options of {@link breaker}. */
export interface BreakerOptions {
  /** Outcomes count for so long. Default 10,000. */
  readonly windowMs?: number;
  /** With fewer outcomes than this in the window nothing is concluded. Default 20. */
  readonly minSends?: number;
  /** Opens when so much of the window failed. Default 0.5; above 0, up to 1. */
  readonly failureRatio?: number;
  /** How long it stays open the first time. Default 5,000. */
  readonly openMs?: number;
  /** Each time in a row it stays open longer by this factor. Default 2, at least 1. */
  readonly growth?: number;
  /** Up to this. Default 30,000. */
  readonly maxOpenMs?: number;
  /** The part of that time which is left to chance. Default 0.2, from 0 to 1. */
  readonly jitter?: number;
  /** So many sends try, at one time, whether the destination is back; all must succeed. Default 1. */
  readonly probes?: number;
  /**
   * Whether an error says that the destination is in trouble. Default: what broke or took too long (UNAVAILABLE,
   * DEADLINE_EXCEEDED, INTERNAL, UNKNOWN, no connection), and neither what was refused for its content or credentials
   * nor what was asked to come back later, which is the word of one that lives.
   */
  readonly isFailure?: (error: ExportError) => boolean;
  /** Told of each change; must not throw. */
  readonly onChange?: (event: BreakerEvent) => void;
  /** Milliseconds. Default `performance.now`. */
  readonly now?: () => number;
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** Asked of who comes while somebody else is trying whether the destination is back. */
const whileProbingMs = 1000;

/**
 * Stops sending to a destination that fails, and tries now and then whether it is back. Meanwhile sends fail at once
 * with "unavailable" and `retryAfterMs`, so that a `retry` stage in front waits and a queue keeps what it has, and a
 * destination that is starting is not buried. One stage belongs to one destination, behind `retry`.
 *
 * @throws RangeError when an option makes no sense
 */
export function breaker(options: BreakerOptions = {}): Middleware {
  const { windowMs = 10_000, minSends = 20, failureRatio: maxRatio = 0.5, probes = 1 } = options;
  const { openMs: firstOpenMs = 5_000, growth = 2, maxOpenMs = 30_000, jitter = 0.2 } = options;
  const { isFailure = isTrouble, onChange, now = () => performance.now(), random = Math.random } = options;
  check("windowMs", windowMs, 1, Infinity);
  check("minSends", minSends, 1, Infinity);
  check("failureRatio", maxRatio, Number.MIN_VALUE, 1);
  check("openMs", firstOpenMs, 1, Infinity);
  check("growth", growth, 1, Infinity);
  check("maxOpenMs", maxOpenMs, 1, Infinity);
  check("jitter", jitter, 0, 1);
  check("probes", probes, 1, Infinity);

  return (next) => {
    const recent = failureRatio(windowMs, now);
    let state: BreakerState = "closed";
    let openings = 0;
    let openUntilMs = 0;
    let probing = 0;
    let probesPassed = 0;
    /** Answers to what was sent before the last change say nothing any more. */
    let era = 0;

    function change(to: BreakerState, openMs: number, error?: ExportError): void {
      const from = state;
      state = to;
      era++;
      probing = 0;
      probesPassed = 0;
      recent.forget();
      onChange?.({ from, to, openMs, ...(error === undefined ? {} : { error }) });
    }

    function open(error: ExportError): void {
      const wholeMs = Math.min(firstOpenMs * growth ** openings, maxOpenMs);
      const openMs = Math.round(wholeMs * (1 - jitter + 2 * jitter * random()));
      openings++;
      openUntilMs = now() + openMs;
      change("open", openMs, error);
    }

    function enter(batch: Batch): void {
      if (state === "open" && now() >= openUntilMs) change("half-open", 0);
      if (state === "open") throw stopped(batch, openUntilMs - now());
      if (state === "half-open") {
        if (probing + probesPassed >= probes) throw stopped(batch, whileProbingMs);
        probing++;
      }
    }

    function leave(error: ExportError | undefined): void {
      if (state === "half-open") probing--;
      // Who gave up has learned nothing.
      if (error?.code === "cancelled" || error?.code === "closed") return;
      const failed = error !== undefined && isFailure(error);
      if (state === "closed") {
        recent.add(failed);
        if (failed && recent.count >= minSends && recent.ratio >= maxRatio) open(error);
      } else if (failed) open(error);
      else if (++probesPassed === probes) {
        openings = 0;
        change("closed", 0);
      }
    }

    async function send(batch: Batch, sendOptions: SendOptions): Promise<Ack> {
      enter(batch);
      const ownEra = era;
      try {
        const ack = await next.send(batch, sendOptions);
        if (ownEra === era) leave(undefined);
        return ack;
      } catch (thrown) {
        if (ownEra === era) leave(ExportError.from(thrown));
        throw thrown;
      }
    }

    return { send, close: () => next.close() };
  };
}

const internalCodes: ReadonlySet<number | undefined> = new Set([2, 13]);

function isTrouble({ code, retryAfterMs, grpcStatus }: ExportError): boolean {
  if (retryAfterMs > 0) return false;
  if (code === "unavailable" || code === "timeout" || code === "bad-response") return true;
  return code === "rejected" && internalCodes.has(grpcStatus);
}

function stopped(batch: Batch, leftMs: number): ExportError {
  const message = `cannot send ${batch.signal}: the destination has been failing, and is left alone for now`;
  return new ExportError("unavailable", message, { retryAfterMs: Math.max(1, Math.ceil(leftMs)) });
}

function check(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw new RangeError(`breaker: ${name} must be from ${min} to ${max}, not ${value}`);
}
