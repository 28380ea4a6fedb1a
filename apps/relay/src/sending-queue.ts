import {
  type Ack,
  accepted,
  type Batch,
  type ByteBudget,
  ExportError,
  type Middleware,
  type SendOptions,
} from "@otlpkit/core";

/** What a {@link sendingQueue} counts its content in. */
export type Sizer = "requests" | "items" | "bytes";

export interface SendingQueueOptions {
  /** Sends under way at a time. */
  readonly consumers: number;
  /** How much may be under way or waiting, in the unit of `sizer`. */
  readonly capacity: number;
  readonly sizer: Sizer;
  /** A full queue makes senders wait rather than refusing them. */
  readonly blockWhenFull: boolean;
  /** An answer means that the destination has answered. Otherwise it means that the batch is in this queue. */
  readonly waitForResult: boolean;
  /** Where early-answered batches take their bytes from, since nobody else holds them any more. */
  readonly budget: ByteBudget;
  /** Ends what was answered early and is not delivered. */
  readonly abandoned: AbortSignal;
  /** Told how much is in the queue, whenever that changes. */
  readonly onSize?: (size: number) => void;
  /** Told when the items of a batch were answered early (so many more are owed), and when that is over (so many less). */
  readonly onOwed?: (items: number, batch: Batch) => void;
  /** Told when a batch is refused because the queue is full. */
  readonly onFull?: (batch: Batch) => void;
  /** Told when a batch that was answered early could not be delivered. */
  readonly onDropped?: (batch: Batch, error: ExportError) => void;
}

/** Makes room after so long, if nothing is known about how fast the queue empties. */
const unknownWaitMs = 1000;

/** Lets a bounded number of batches through at a time; a bounded number more wait for their turn. */
export function sendingQueue(options: SendingQueueOptions): Middleware {
  const { abandoned, budget, capacity, consumers, sizer, waitForResult } = options;
  return (next) => {
    const waiting: (() => void)[] = [];
    const waitingForRoom: (() => void)[] = [];
    const early = new Set<Promise<void>>();
    let underWay = 0;
    let size = 0;
    let closing: Promise<void> | undefined;

    const sizeOf = (batch: Batch): number =>
      sizer === "requests" ? 1 : sizer === "items" ? batch.items : batch.body.byteLength;
    const resize = (by: number): void => {
      size += by;
      options.onSize?.(size);
    };

    /** Takes room in the queue. A batch larger than the whole queue passes when it is empty, or it never would. */
    async function enter(batch: Batch, signal: AbortSignal | undefined): Promise<number> {
      const own = sizeOf(batch);
      while (size > 0 && size + own > capacity) {
        if (!options.blockWhenFull) {
          options.onFull?.(batch);
          throw full(size, capacity, sizer);
        }
        // it may be taken by another meanwhile
        await turn(waitingForRoom, signal);
      }
      resize(own);
      return own;
    }

    async function deliver(batch: Batch, sendOptions: SendOptions): Promise<Ack> {
      if (underWay >= consumers) await turn(waiting, sendOptions.signal);
      underWay++;
      try {
        return await next.send(batch, sendOptions);
      } finally {
        underWay--;
        waiting.shift()?.();
      }
    }

    function leave(own: number): void {
      resize(-own);
      for (const wake of waitingForRoom.splice(0)) wake();
    }

    async function deliverLater(batch: Batch, own: number): Promise<void> {
      try {
        await deliver(batch, { signal: abandoned });
      } catch (error) {
        options.onDropped?.(batch, ExportError.from(error));
      } finally {
        budget.release(batch.body.byteLength);
        options.onOwed?.(-batch.items, batch);
        leave(own);
      }
    }

    return {
      async send(batch, sendOptions) {
        if (closing !== undefined) throw new ExportError("closed", "the queue of this destination is closed");
        const own = await enter(batch, sendOptions.signal);
        if (waitForResult) {
          try {
            return await deliver(batch, sendOptions);
          } finally {
            leave(own);
          }
        }
        if (!budget.reserve(batch.body.byteLength)) {
          leave(own);
          throw new ExportError("overloaded", "no memory is left for the queue; send again later", {
            retryAfterMs: unknownWaitMs,
          });
        }
        options.onOwed?.(batch.items, batch);
        const later = deliverLater(batch, own).finally(() => early.delete(later));
        early.add(later);
        return accepted;
      },
      close() {
        // What was answered early has only us; what is waited for has a sender who is told.
        closing ??= Promise.all(early).then(() => next.close());
        return closing;
      },
    };
  };
}

/** Waits to be called by the one before. */
function turn(line: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const stop = (): void => {
      line.splice(line.indexOf(go), 1);
      reject(new ExportError("cancelled", "the sender gave up while its data waited for a destination"));
    };
    if (signal?.aborted === true) {
      reject(new ExportError("cancelled", "the sender gave up before its data were sent"));
      return;
    }
    signal?.addEventListener("abort", stop, { once: true });
    line.push(go);
  });
}

function full(size: number, capacity: number, sizer: Sizer): ExportError {
  const message = `the queue of this destination is full (${size} of ${capacity} ${sizer}); send again later`;
  return new ExportError("overloaded", message, { retryAfterMs: unknownWaitMs });
}
