import { type Ack, type Batch, ExportError } from "@otlpkit/core";
import type { Settings } from "./options.ts";

/** Where a call is at the moment: at the door, in pieces, or in a request. */
export interface Place {
  /** The caller has gone early and had its error, `call.gone`. What need not be sent any more is refused. */
  left(call: Call): void;
}

/** Who has made the calls. */
export interface Owner extends Pick<Settings, "now" | "setTimer" | "onAnswer"> {
  /** It is over with a call: answered or refused, and no longer under way. */
  done(call: Call): void;
}

/** Calls that began between one flush and the next. */
export interface Era {
  /** How many of them it is not over with. */
  calls: number;
  whenOver: () => void;
}

/**
 * One batch on its way through the batcher, and the caller who waits for its answer. A class, since there is one for every
 * batch that arrives, and closures in its place take most of the batcher's time.
 */
export class Call {
  readonly batch: Batch;
  /** `Infinity` if there is none. */
  readonly deadlineMs: number;
  readonly era: Era;
  /** What the caller is told. */
  readonly answer: Promise<Ack>;
  /** Of the budget: its share of what was reserved. */
  bytes = 0;
  place: Place | undefined;
  /** Why the caller has had its error early, by abort, deadline or policy. */
  gone: ExportError | undefined;
  readonly #owner: Owner;
  #resolve: (ack: Ack) => void = unset;
  #reject: (error: ExportError) => void = unset;
  /** Stops watching the caller's deadline and signal. */
  #unwatch: () => void = unset;

  constructor(batch: Batch, deadlineMs: number, era: Era, owner: Owner) {
    this.batch = batch;
    this.deadlineMs = deadlineMs;
    this.era = era;
    era.calls++;
    this.#owner = owner;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** A part of it that goes by itself, with its share of the bytes and the same time. */
  piece(batch: Batch): Call {
    const part = new Call(batch, this.deadlineMs, this.era, this.#owner);
    part.bytes = Math.min(this.bytes, batch.body.byteLength);
    this.bytes -= part.bytes;
    return part;
  }

  /** Leaves when the caller aborts or its time is over. */
  watch(abort: AbortSignal | undefined): void {
    const { now, setTimer } = this.#owner;
    const attempted = `cannot send ${this.batch.signal}`;
    const onAbort = (): void => this.leave(new ExportError("cancelled", `${attempted}: the caller gave up`));
    const onDeadline = (): void =>
      this.leave(new ExportError("timeout", `${attempted}: no answer before the deadline`));
    const leftMs = Math.ceil(this.deadlineMs - now());
    if (abort?.aborted) return onAbort();
    if (leftMs <= 0) return onDeadline();
    const cancelTimer = leftMs < longestTimerMs ? setTimer(onDeadline, leftMs) : unset;
    abort?.addEventListener("abort", onAbort, { once: true });
    this.#unwatch = () => {
      cancelTimer();
      abort?.removeEventListener("abort", onAbort);
    };
  }

  /** The caller waits no longer; it has its error at once. */
  leave(error: ExportError): void {
    if (this.gone !== undefined) return;
    this.gone = error;
    this.#unwatch();
    this.#reject(error);
    this.place?.left(this);
  }

  /** It will not be sent. */
  refuse(result: ExportError): void {
    this.#owner.onAnswer({ batch: this.batch, callers: 1, result, sent: false });
    this.settle(result);
  }

  /** Here is the answer, and it is no longer under way. */
  settle(result: Ack | ExportError): void {
    if (this.gone === undefined) {
      this.#unwatch();
      if (ExportError.is(result)) this.#reject(result);
      else this.#resolve(result);
    }
    this.#owner.done(this);
  }
}

// setTimeout turns longer waits into none; a deadline in 25 days is none.
const longestTimerMs = 2 ** 31 - 1;

function unset(): void {}
