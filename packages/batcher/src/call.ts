import { type Ack, type Batch, ExportError, type SendOptions } from "@otlpkit/core";
import { combined, type Outcome } from "./outcome.ts";
import type { Settings } from "./options.ts";

/** What a request does when one of its callers goes early. */
export interface Leavable {
  /** Whether it has been handed on. */
  readonly begun: boolean;
  callerGone(): void;
}

/**
 * One `send`, waiting for the answers to the requests that its pieces went into. A class, since there is one for every
 * request that arrives, and closures in its place take most of the batcher's time.
 */
export class Call {
  /** `Infinity` if there is none. */
  readonly deadlineMs: number;
  /** What the caller is told. */
  readonly answer: Promise<Ack>;
  readonly #batch: Batch;
  readonly #release: () => void;
  readonly #requests: Leavable[] = [];
  readonly #outcomes: Outcome[] = [];
  #unsettled = 1;
  #gone: ExportError | undefined;
  #resolve: (ack: Ack) => void = unset;
  #reject: (error: ExportError) => void = unset;
  /** Stops watching the caller's deadline and signal. */
  #unwatch: (() => void) | undefined;

  /** `release` is called when every piece is done with, whether or not the caller is still there. */
  constructor(batch: Batch, options: SendOptions, settings: Pick<Settings, "now" | "setTimer">, release: () => void) {
    this.#batch = batch;
    this.#release = release;
    this.deadlineMs = options.deadline ?? Infinity;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (options.signal || this.deadlineMs < Infinity) this.#watch(options.signal, settings);
  }

  /** Why the caller has had its error already, by abort, deadline or policy: what is still held need not be sent. */
  get gone(): ExportError | undefined {
    return this.#gone;
  }

  /** Nothing of it has been handed on, and somebody waits for it. */
  get held(): boolean {
    return this.#gone === undefined && this.#requests.every((request) => !request.begun);
  }

  /** One more piece is on its way, in `request`. */
  goesInto(request: Leavable): void {
    this.#unsettled++;
    this.#requests.push(request);
  }

  /** Items that need not be waited for: they were never sent. */
  note(outcome: Outcome): void {
    this.#outcomes.push(outcome);
  }

  /** All pieces are on their way. */
  complete(): void {
    this.#done();
  }

  /** One piece is done with: answered, or left out after the caller had gone. */
  settle(outcome: Outcome): void {
    this.#outcomes.push(outcome);
    this.#done();
  }

  /** Tells the caller now that there will be no answer, and takes back what has not been sent. */
  leave(error: ExportError): void {
    if (this.#gone !== undefined) return;
    this.#gone = error;
    this.#unwatch?.();
    this.#reject(error);
    for (const request of this.#requests) request.callerGone();
  }

  #done(): void {
    if (--this.#unsettled > 0) return;
    if (this.#gone === undefined) {
      this.#unwatch?.();
      const result = combined(this.#outcomes);
      if (ExportError.is(result)) this.#reject(result);
      else this.#resolve(result);
    }
    this.#release();
  }

  #watch(abort: AbortSignal | undefined, settings: Pick<Settings, "now" | "setTimer">): void {
    this.#unwatch = watch(this.#batch, { deadlineMs: this.deadlineMs, abort }, settings, (error) => this.leave(error));
  }
}

/** Calls `onEnd` when the caller's time is over or it gives up; returns what ends the watching. */
export function watch(
  { signal }: Batch,
  { deadlineMs, abort }: { readonly deadlineMs: number; readonly abort: AbortSignal | undefined },
  { now, setTimer }: Pick<Settings, "now" | "setTimer">,
  onEnd: (error: ExportError) => void,
): () => void {
  const onAbort = (): void => onEnd(givenUp(signal));
  const onDeadline = (): void => onEnd(new ExportError("timeout", `no answer about ${signal} before the deadline`));
  const leftMs = Math.max(0, Math.ceil(deadlineMs - now()));
  const cancelTimer = leftMs < longestTimerMs ? setTimer(onDeadline, leftMs) : undefined;
  abort?.addEventListener("abort", onAbort, { once: true });
  return () => {
    cancelTimer?.();
    abort?.removeEventListener("abort", onAbort);
  };
}

/** The caller aborted. */
export function givenUp(signal: string): ExportError {
  return new ExportError("cancelled", `sending ${signal} was cancelled`);
}

// setTimeout turns longer waits into none; a deadline in 25 days is none.
const longestTimerMs = 2 ** 31 - 1;

function unset(): void {}
