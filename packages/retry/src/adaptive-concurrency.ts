import {
  type Ack,
  type Batch,
  ExportError,
  fairBudget,
  type Middleware,
  type Sender,
  type SendOptions,
} from "@otlpkit/core";
import { concurrencyLimit } from "./concurrency-limit.ts";
import { fairLine } from "./fair-line.ts";
import type { SetTimer } from "./sleep.ts";

/** Options of {@link adaptiveConcurrency}. */
export interface AdaptiveConcurrencyOptions {
  /** Sends under way at a time, to begin with. Default 4: few enough to see how long an unhurried answer takes. */
  readonly initial?: number;
  /** Never fewer than this. Default 1. */
  readonly min?: number;
  /** Never more than this. Default 200. */
  readonly max?: number;
  /**
   * How many bytes may wait for their turn; what does not fit is refused with "overloaded", and tenants share it by their
   * weights. 0: nobody waits. `Infinity` where somebody in front bounds them already. Default 16 MiB.
   */
  readonly maxWaitingBytes?: number;
  /** How much more than others tenants are entitled to: `{ shop: 3 }`. Default 1 each. */
  readonly weights?: Readonly<Record<string, number>>;
  /**
   * Whether an error means that it was too much. Default: whatever asks to come back later, and what was not answered in
   * time.
   */
  readonly isPressure?: (error: ExportError) => boolean;
  /** Told how many sends may be under way from now on; must not throw. */
  readonly onLimit?: (limit: number) => void;
  /** The clock that deadlines are on. Default `performance.now`. */
  readonly now?: () => number;
  /** Runs something later and returns what cancels it. Default `setTimeout`. */
  readonly setTimer?: SetTimer;
}

/**
 * Learns how many sends a destination takes at a time, from how long its answers take and from its refusals, and sends no
 * more than that; the others wait for their turn, in which tenants alternate. One stage belongs to one destination, behind
 * `retry`, which makes attempts of it.
 *
 * `close` lets go of nobody: those who wait are sent first.
 *
 * @throws RangeError when an option makes no sense
 */
export function adaptiveConcurrency(options: AdaptiveConcurrencyOptions = {}): Middleware {
  const { initial = 4, min = 1, max = 200, maxWaitingBytes = 16 * 1024 * 1024, weights = {} } = options;
  const { isPressure = isTooMuch, onLimit, now = () => performance.now(), setTimer = timeout } = options;
  if (!(min >= 1 && min <= initial && initial <= max)) {
    throw new RangeError(`adaptive concurrency: 1 <= min <= initial <= max must hold, not ${min}, ${initial}, ${max}`);
  }

  return (next): Sender => {
    const control = concurrencyLimit({ initial, min, max, now });
    const room = fairBudget({ maxBytes: maxWaitingBytes, weights, now });
    const line = fairLine(weights);
    let underWay = 0;
    let lastLimit = control.limit;
    let whenLineIsEmpty: (() => void) | undefined;
    let closing: Promise<void> | undefined;

    /** Lets in who waits, as far as the limit allows. */
    function admit(): void {
      if (control.limit !== lastLimit) onLimit?.((lastLimit = control.limit));
      while (underWay < control.limit && line.length > 0) line.callNext();
      if (underWay >= control.limit) control.saturated();
      if (line.length === 0) whenLineIsEmpty?.();
    }

    function enter(batch: Batch, sendOptions: SendOptions): Promise<void> | undefined {
      if (underWay < control.limit && line.length === 0) {
        underWay++;
        if (underWay >= control.limit) control.saturated();
        return undefined;
      }
      return waitForTurn(batch, sendOptions);
    }

    function waitForTurn({ signal, body, tenant }: Batch, { deadline, signal: abort }: SendOptions): Promise<void> {
      const attempted = `cannot send ${signal}`;
      // One larger than the room may wait when nobody else does.
      const bytes = Math.min(body.byteLength, room.largestBytes);
      if (maxWaitingBytes === 0 || !room.reserve(bytes, tenant)) {
        const message = `${attempted}: as much as the destination takes is under way and waiting; send later`;
        const retryAfterMs = Math.max(room.retryAfterMs(bytes, tenant), Math.ceil(control.roundTripMs));
        return Promise.reject(new ExportError("overloaded", message, { retryAfterMs }));
      }
      return new Promise((resolve, reject) => {
        const done = (): void => {
          cancelTimer?.();
          abort?.removeEventListener("abort", onAbort);
          room.release(bytes, tenant);
        };
        const leave = line.join(tenant ?? "", bytes, () => {
          done();
          underWay++;
          resolve();
        });
        const giveUp = (error: ExportError): void => {
          leave();
          done();
          reject(error);
          admit();
        };
        const onAbort = (): void => giveUp(new ExportError("cancelled", `${attempted}: the caller gave up`));
        const onDeadline = (): void =>
          giveUp(new ExportError("timeout", `${attempted}: the deadline passed before it was its turn`));
        const leftMs = (deadline ?? Infinity) - now();
        const cancelTimer = leftMs < longestTimerMs ? setTimer(onDeadline, Math.max(0, Math.ceil(leftMs))) : undefined;
        abort?.addEventListener("abort", onAbort, { once: true });
        if (abort?.aborted === true) onAbort();
      });
    }

    async function send(batch: Batch, sendOptions: SendOptions): Promise<Ack> {
      if (closing) throw new ExportError("closed", `cannot send ${batch.signal}: the sender is closed`);
      const turn = enter(batch, sendOptions);
      // Who need not wait is sent at once, and not after a `close` that comes next.
      if (turn !== undefined) await turn;
      const startedMs = now();
      try {
        const ack = await next.send(batch, sendOptions);
        control.answered(now() - startedMs);
        return ack;
      } catch (thrown) {
        if (isPressure(ExportError.from(thrown))) control.refused();
        throw thrown;
      } finally {
        underWay--;
        admit();
      }
    }

    async function close(): Promise<void> {
      if (line.length > 0) await new Promise<void>((resolve) => (whenLineIsEmpty = resolve));
      await next.close();
    }

    return { send, close: () => (closing ??= close()) };
  };
}

// setTimeout turns longer waits into none; a deadline in 25 days is none.
const longestTimerMs = 2 ** 31 - 1;

function isTooMuch({ code, retryAfterMs }: ExportError): boolean {
  return code === "overloaded" || code === "timeout" || retryAfterMs > 0;
}

function timeout(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
