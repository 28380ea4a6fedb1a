import {
  type Ack,
  type Batch,
  ExportError,
  type Middleware,
  type Sender,
  type SendOptions,
  type Signal,
} from "@otlpkit/core";
import { backoff, type BackoffOptions } from "./backoff.ts";
import type { RetryBudget } from "./retry-budget.ts";
import { type SetTimer, sleeper, type Woken } from "./sleep.ts";
import { throttle } from "./throttle.ts";

/** Options of {@link retry}. */
export interface RetryOptions extends BackoffOptions {
  /**
   * Time for one attempt. An attempt that takes longer is broken off and tried again while the deadline lasts (F-15).
   * Default: none, so that one attempt may use all the time there is.
   */
  readonly attemptTimeoutMs?: number;
  /**
   * No attempt begins later than so many ms after the first; `0` or `Infinity`: no limit. Default 300,000 (five
   * minutes, as in the Collector): outlasts the restart of a backend, and what stays away longer needs a queue.
   */
  readonly maxElapsedMs?: number;
  /**
   * The longest wait that a destination may ask for; more is cut to this. Default 300,000 (five minutes). A wait holds up
   * a whole signal, and one of a year, which a wrong clock or unit over there easily makes, would hold it up until a
   * restart (F-07).
   */
  readonly maxRetryAfterMs?: number;
  /** How many attempts at most. Default: no limit but time. */
  readonly maxAttempts?: number;
  /**
   * Bounds how many attempts are repeated; who finds it used up waits for longer. Share one among all stages that lead to
   * the same destination. Default: no bound but the waits, which is enough for a single client.
   */
  readonly budget?: RetryBudget;
  /** Told before each wait; must not throw. */
  readonly onRetry?: (event: RetryEvent) => void;
  /** Told when the destination asks for a pause, and when it prolongs one; must not throw. */
  readonly onThrottle?: (event: ThrottleEvent) => void;
  /** The clock that deadlines are on. Default `performance.now`. */
  readonly now?: () => number;
  /**
   * Runs something later and returns what cancels it. Default `setTimeout`, which keeps a Node process alive: a script
   * that awaits `send` would otherwise end in the middle, silently. Whoever holds the process by other means gives one
   * that does not (`unref`).
   */
  readonly setTimer?: SetTimer;
}

/** An attempt failed, and there will be another. */
export interface RetryEvent {
  /** The number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** How long we wait now. */
  readonly delayMs: number;
  readonly error: ExportError;
  readonly batch: Batch;
}

/** The destination asked for a pause: no batch of the signal is sent to it meanwhile. */
export interface ThrottleEvent {
  readonly signal: Signal;
  /** From now. No more than `maxRetryAfterMs`. */
  readonly delayMs: number;
  /** The answer that asked; its message says who gave it. */
  readonly error: ExportError;
}

/**
 * Sends again what failed for a time, and asks nothing but {@link ExportError.retryable}. Whatever was answered, a
 * partial success too, is final (G-01).
 *
 * - Waits grow exponentially with jitter (F-01). A destination that says how long to stay away is obeyed, with waits
 *   that grow from there if it keeps saying so (F-05, F-07), and gets no other batch of that signal meanwhile (F-18,
 *   A-24); but for no longer than `maxRetryAfterMs`. One `retry` stage belongs to one destination.
 * - The deadline of the caller bounds everything. When the next attempt would begin too late, the send fails at once
 *   rather than after the wait (F-16). The error is the last one, with code, `retryable` and `retryAfterMs` kept.
 * - The body is never touched: all attempts are identical (F-17). The far side may get a batch twice.
 * - `close` wakes who waits; they fail with their last error, marked as retryable (F-20).
 */
export function retry(options: RetryOptions = {}): Middleware {
  const settings = settle(options);
  return (next) => retrying(settings, next);
}

type Settings = RetryOptions &
  Required<Pick<RetryOptions, "attemptTimeoutMs" | "maxElapsedMs" | "maxRetryAfterMs" | "maxAttempts" | "now">>;

function settle(options: RetryOptions): Settings {
  const maxElapsedMs = options.maxElapsedMs ?? 300_000;
  return {
    ...options,
    attemptTimeoutMs: options.attemptTimeoutMs ?? Infinity,
    maxElapsedMs: maxElapsedMs === 0 ? Infinity : maxElapsedMs,
    maxRetryAfterMs: options.maxRetryAfterMs ?? 300_000,
    maxAttempts: options.maxAttempts ?? Infinity,
    now: options.now ?? (() => performance.now()),
  };
}

function retrying(settings: Settings, next: Sender): Sender {
  const { now } = settings;
  const sleep = sleeper(now, settings.setTimer);
  const throttled = throttle(now);
  const nextDelayMs = backoff(settings);
  let closing: Promise<void> | undefined;

  async function send(batch: Batch, options: SendOptions): Promise<Ack> {
    const startedMs = now();
    const deadlineMs = options.deadline ?? Infinity;
    const lastStartMs = Math.min(deadlineMs, startedMs + settings.maxElapsedMs);
    const delays = nextDelayMs();
    let lastError: ExportError | undefined;

    for (let attempt = 1; ; attempt++) {
      // attempts follow each other, that is the point
      if (throttled.untilMs(batch.signal) > now()) await waitForSignal(batch, options, lastStartMs, lastError);
      if (closing) throw lastError ?? new ExportError("closed", `cannot send ${batch.signal}: the sender is closed`);
      if (now() >= deadlineMs) throw lastError ?? outOfTime(batch);
      try {
        const ack = await next.send(batch, forAttempt(options, deadlineMs));
        settings.budget?.succeeded();
        return ack;
      } catch (thrown) {
        const error = bounded(ExportError.from(thrown, `cannot send ${batch.signal}`));
        lastError = error;
        if (error.retryAfterMs > 0) pause(batch.signal, error);
        if (!error.retryable) throw error;
        if (closing) throw error;
        if (attempt >= settings.maxAttempts) throw gaveUp(error, attempt, startedMs, "no more attempts are allowed");
        const delayMs = delays(error.retryAfterMs);
        if (now() + delayMs >= lastStartMs) {
          const asked = error.retryAfterMs > 0 ? `the destination asks to wait ${error.retryAfterMs} ms, and ` : "";
          throw gaveUp(error, attempt, startedMs, `${asked}the next attempt would begin after the time allowed`);
        }
        settings.onRetry?.({ attempt, delayMs, error, batch });
        const woken = await waitForTurn(delayMs, options, lastStartMs);
        if (woken === "closed") throw gaveUp(error, attempt, startedMs, "the sender was closed", true);
        if (woken === "cancelled") throw cancelled(batch, error);
        if (woken === "late") {
          const why = "too much is being repeated, and its next turn would come after the time allowed";
          throw gaveUp(error, attempt, startedMs, why);
        }
      }
    }
  }

  /** Waits so long, and then for a turn among all that is repeated. */
  async function waitForTurn(delayMs: number, options: SendOptions, lastStartMs: number): Promise<Woken | "late"> {
    for (let waitMs = delayMs; waitMs > 0; waitMs = settings.budget?.take() ?? 0) {
      if (now() + waitMs >= lastStartMs) return "late";
      // one wait after the other, that is the point
      const woken = await sleep.until(now() + waitMs, options.signal);
      if (woken !== "elapsed") return woken;
    }
    return "elapsed";
  }

  function pause(signal: Signal, error: ExportError): void {
    const delayMs = error.retryAfterMs;
    if (throttled.hold(signal, delayMs)) settings.onThrottle?.({ signal, delayMs, error });
  }

  /** Holds a batch back while the destination wants none of its signal. */
  async function waitForSignal(
    batch: Batch,
    options: SendOptions,
    lastStartMs: number,
    lastError: ExportError | undefined,
  ): Promise<void> {
    for (let until = throttled.untilMs(batch.signal); until > now(); until = throttled.untilMs(batch.signal)) {
      const refusal = (why: string): ExportError =>
        new ExportError("overloaded", `cannot send ${batch.signal}: the destination is throttling them, and ${why}`, {
          retryAfterMs: throttled.untilMs(batch.signal) - now(),
          cause: lastError,
        });
      if (until >= lastStartMs) throw refusal("does so for longer than the time allowed");
      // it may have been prolonged meanwhile
      const woken = await sleep.until(until, options.signal);
      if (woken === "closed") throw refusal("the sender was closed");
      if (woken === "cancelled") throw cancelled(batch, lastError);
    }
  }

  function forAttempt(options: SendOptions, deadlineMs: number): SendOptions {
    const attemptDeadlineMs = now() + settings.attemptTimeoutMs;
    return attemptDeadlineMs < deadlineMs ? { ...options, deadline: attemptDeadlineMs } : options;
  }

  /** The error itself, or a copy that asks for the longest wait we grant. */
  function bounded(error: ExportError): ExportError {
    if (error.retryAfterMs <= settings.maxRetryAfterMs) return error;
    const { code, message, retryable, grpcStatus } = error;
    return new ExportError(code, message, {
      retryable,
      retryAfterMs: settings.maxRetryAfterMs,
      grpcStatus,
      cause: error,
    });
  }

  function gaveUp(
    error: ExportError,
    attempts: number,
    startedMs: number,
    why: string,
    retryable: boolean = error.retryable,
  ): ExportError {
    const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
    const message = `gave up after ${tries} in ${Math.round(now() - startedMs)} ms, ${why}: ${error.message}`;
    const { code, retryAfterMs, grpcStatus } = error;
    return new ExportError(code, message, { retryable, retryAfterMs, grpcStatus, cause: error });
  }

  return {
    send,
    close() {
      closing ??= next.close();
      sleep.wakeAll();
      return closing;
    },
  };
}

function outOfTime(batch: Batch): ExportError {
  return new ExportError("timeout", `cannot send ${batch.signal}: the deadline had passed before the first attempt`);
}

function cancelled(batch: Batch, cause: ExportError | undefined): ExportError {
  return new ExportError("cancelled", `sending ${batch.signal} was cancelled while waiting to try again`, { cause });
}
