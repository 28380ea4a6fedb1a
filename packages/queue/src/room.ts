import { ExportError, type SendOptions } from "@otlpkit/core";
import type { Settings } from "./options.ts";

/** Decides who may come in. */
export interface Room {
  /** Reserves `bytes`, or waits until it can. Throws "overloaded" when there is no room. */
  take(bytes: number, options: SendOptions): Promise<void> | undefined;
  /** What was reserved is on disk and counted there, or it never came to that. */
  release(bytes: number): void;
  /** Whether somebody waits for room. */
  readonly wanted: boolean;
  /** Room was made. */
  freed(): void;
  close(): void;
}

export interface RoomOptions extends Pick<Settings, "maxBytes" | "whenFull" | "now" | "setTimer"> {
  /** On disk now. */
  readonly usedBytes: () => number;
  /** Why nothing may be written at the moment, and until when. */
  readonly stopped: () => { readonly error: ExportError; readonly untilMs: number } | undefined;
  /** How long it will take until so many bytes are free. */
  readonly msToFree: (bytes: number) => number;
  /** Deletes the oldest segment. False if there is none to delete. */
  readonly dropOldest: () => Promise<boolean>;
  /** Told that somebody found no room. */
  readonly onFull: () => void;
}

interface Waiter {
  readonly bytes: number;
  readonly admit: () => void;
  readonly refuse: (error: ExportError) => void;
}

export function room(options: RoomOptions): Room {
  const { maxBytes, whenFull, now, setTimer } = options;
  let reserved = 0;
  let closed = false;
  const waiters: Waiter[] = [];
  let dropping: Promise<boolean> | undefined;
  let cancelRetry: (() => void) | undefined;

  const missingBytes = (bytes: number): number => options.usedBytes() + reserved + bytes - maxBytes;
  const refusal = (bytes: number): ExportError =>
    options.stopped()?.error ??
    new ExportError("overloaded", `cannot queue: all ${maxBytes} bytes of the queue are used; come again later`, {
      retryAfterMs: options.msToFree(Math.max(missingBytes(bytes), bytes)),
    });

  function take(bytes: number, sendOptions: SendOptions): Promise<void> | undefined {
    const stopped = options.stopped();
    if (stopped === undefined && waiters.length === 0 && missingBytes(bytes) <= 0) {
      reserved += bytes;
      return undefined;
    }
    options.onFull();
    if (whenFull === "block") return wait(bytes, sendOptions);
    if (whenFull === "drop-oldest" && stopped === undefined) return makeRoom(bytes);
    throw refusal(bytes);
  }

  async function makeRoom(bytes: number): Promise<void> {
    while (missingBytes(bytes) > 0) {
      // What is dropped now would not be entered any more, and so never go.
      if (closed) throw closedError();
      dropping ??= options.dropOldest().finally(() => (dropping = undefined));
      if (!(await dropping) && missingBytes(bytes) > 0) throw refusal(bytes);
    }
    reserved += bytes;
  }

  function wait(bytes: number, { deadline = Infinity, signal }: SendOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      let cancelTimer = (): void => {};
      const leave = (): void => {
        cancelTimer();
        signal?.removeEventListener("abort", onAbort);
        const index = waiters.indexOf(waiter);
        if (index >= 0) waiters.splice(index, 1);
      };
      const waiter = {
        bytes,
        admit: () => {
          leave();
          reserved += bytes;
          resolve();
        },
        refuse: (error: ExportError) => {
          leave();
          reject(error);
          // Those behind may be smaller.
          freed();
        },
      };
      const onAbort = (): void =>
        waiter.refuse(new ExportError("cancelled", "cannot queue: the caller gave up waiting for room"));
      signal?.addEventListener("abort", onAbort, { once: true });
      if (deadline < Infinity) cancelTimer = setTimer(() => waiter.refuse(outOfTime(refusal(bytes))), deadline - now());
      waiters.push(waiter);
      freed();
    });
  }

  /** Admits in order those for whom there is room now. */
  function freed(): void {
    const stopped = options.stopped();
    if (stopped !== undefined) {
      if (waiters.length > 0) cancelRetry ??= setTimer(tryAgain, Math.max(stopped.untilMs - now(), 1));
      return;
    }
    for (let first = waiters[0]; first !== undefined && missingBytes(first.bytes) <= 0; first = waiters[0])
      first.admit();
  }

  function tryAgain(): void {
    cancelRetry = undefined;
    if (!closed) freed();
  }

  return {
    get wanted() {
      return waiters.length > 0;
    },
    take,
    release(bytes) {
      reserved -= bytes;
    },
    freed,
    close() {
      closed = true;
      cancelRetry?.();
      for (const waiter of waiters.splice(0)) waiter.refuse(closedError());
    },
  };
}

function closedError(): ExportError {
  return new ExportError("closed", "cannot queue: the queue was closed while waiting for room");
}

function outOfTime(cause: ExportError): ExportError {
  const { retryAfterMs } = cause;
  return new ExportError("timeout", "cannot queue: there was no room before the deadline", { retryAfterMs, cause });
}
