import { type Ack, ExportError, type SendOptions, type Signal } from "@otlpkit/core";
import { combined, type Outcome } from "./outcome.ts";
import type { Settings } from "./options.ts";

/** What a request does when one of its callers goes early. */
export interface Leavable {
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
  readonly #signal: Signal;
  readonly #release: () => void;
  readonly #requests: Leavable[] = [];
  readonly #outcomes: Outcome[] = [];
  #unsettled = 1;
  #over = false;
  #resolve: (ack: Ack) => void = unset;
  #reject: (error: ExportError) => void = unset;
  /** Stops watching the caller's deadline and signal. */
  #unwatch: (() => void) | undefined;

  /** `release` is called when every piece is done with, whether or not the caller is still there. */
  constructor(signal: Signal, options: SendOptions, settings: Pick<Settings, "now" | "setTimer">, release: () => void) {
    this.#signal = signal;
    this.#release = release;
    this.deadlineMs = options.deadline ?? Infinity;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (options.signal || this.deadlineMs < Infinity) this.#watch(options.signal, settings);
  }

  /** The caller has gone, by abort or deadline: it has had its error, and what is still held need not be sent. */
  get over(): boolean {
    return this.#over;
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

  #done(): void {
    if (--this.#unsettled > 0) return;
    if (!this.#over) {
      this.#unwatch?.();
      const result = combined(this.#outcomes);
      if (ExportError.is(result)) this.#reject(result);
      else this.#resolve(result);
    }
    this.#release();
  }

  #leave(error: ExportError): void {
    this.#over = true;
    this.#unwatch?.();
    this.#reject(error);
    for (const request of this.#requests) request.callerGone();
  }

  #watch(abort: AbortSignal | undefined, { now, setTimer }: Pick<Settings, "now" | "setTimer">): void {
    const onAbort = (): void => this.#leave(new ExportError("cancelled", `sending ${this.#signal} was cancelled`));
    const onDeadline = (): void =>
      this.#leave(new ExportError("timeout", `no answer about ${this.#signal} before the deadline`));
    const leftMs = Math.max(0, Math.ceil(this.deadlineMs - now()));
    const cancelTimer = leftMs < longestTimerMs ? setTimer(onDeadline, leftMs) : undefined;
    abort?.addEventListener("abort", onAbort, { once: true });
    this.#unwatch = () => {
      cancelTimer?.();
      abort?.removeEventListener("abort", onAbort);
    };
  }
}

// setTimeout turns longer waits into none; a deadline in 25 days is none.
const longestTimerMs = 2 ** 31 - 1;

function unset(): void {}
