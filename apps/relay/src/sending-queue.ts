import {
  type Ack,
  accepted,
  type Batch,
  type ByteBudget,
  ExportError,
  fairBudget,
  type Middleware,
  type SendOptions,
} from "@otlpkit/core";
import { fairLine } from "@otlpkit/retry";

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
  /**
   * How much more than others tenants are entitled to, of the queue and of turns. Absent where tenants are not told
   * apart: else a part of the queue is kept free for those who come while others fill the rest.
   */
  readonly weights?: Readonly<Record<string, number>>;
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

/** Asked of those for whom the memory budget has no room and can't tell when. */
const unknownWaitMs = 1000;

/**
 * Lets a bounded number of batches through at a time; a bounded number more wait for their turn. Tenants take turns and
 * share the queue, so that one that fills it waits, or is refused, alone.
 */
export function sendingQueue(options: SendingQueueOptions): Middleware {
  const { abandoned, budget, capacity, consumers, sizer, waitForResult } = options;
  return (next) => {
    const { weights } = options;
    const room = fairBudget({ maxBytes: capacity, ...(weights === undefined ? { headroom: 0 } : { weights }) });
    const line = fairLine(weights);
    const waitingForRoom = new Set<() => void>();
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

    /** A batch larger than the whole queue passes when it is empty, or it never would. */
    const chargeOf = (batch: Batch): number => Math.min(sizeOf(batch), room.largestBytes);

    async function enter(batch: Batch, signal: AbortSignal | undefined): Promise<void> {
      while (!room.reserve(chargeOf(batch), batch.tenant)) {
        if (!options.blockWhenFull) {
          options.onFull?.(batch);
          throw full(batch);
        }
        // it may be taken by another meanwhile
        await turn((call) => {
          waitingForRoom.add(call);
          return () => waitingForRoom.delete(call);
        }, signal);
      }
      resize(sizeOf(batch));
    }

    function leave(batch: Batch): void {
      resize(-sizeOf(batch));
      room.release(chargeOf(batch), batch.tenant);
      const woken = [...waitingForRoom];
      waitingForRoom.clear();
      for (const wake of woken) wake();
    }

    function full(batch: Batch): ExportError {
      const whose = batch.tenant === undefined ? "" : " for this tenant";
      const message = `the queue of this destination is full${whose} (${size} of ${capacity} ${sizer}); send again later`;
      const retryAfterMs = room.retryAfterMs(chargeOf(batch), batch.tenant);
      return new ExportError("overloaded", message, { retryAfterMs });
    }

    async function deliver(batch: Batch, sendOptions: SendOptions): Promise<Ack> {
      if (underWay < consumers && line.length === 0) underWay++;
      else {
        const { tenant = "", body } = batch;
        await turn((call) => {
          return line.join(tenant, body.byteLength, () => {
            underWay++;
            call();
          });
        }, sendOptions.signal);
      }
      try {
        return await next.send(batch, sendOptions);
      } finally {
        underWay--;
        line.callNext();
      }
    }

    async function deliverLater(batch: Batch): Promise<void> {
      try {
        await deliver(batch, { signal: abandoned });
      } catch (error) {
        options.onDropped?.(batch, ExportError.from(error));
      } finally {
        budget.release(batch.body.byteLength, batch.tenant);
        options.onOwed?.(-batch.items, batch);
        leave(batch);
      }
    }

    return {
      async send(batch, sendOptions) {
        if (closing !== undefined) throw new ExportError("closed", "the queue of this destination is closed");
        await enter(batch, sendOptions.signal);
        if (waitForResult) {
          try {
            return await deliver(batch, sendOptions);
          } finally {
            leave(batch);
          }
        }
        if (!budget.reserve(batch.body.byteLength, batch.tenant)) {
          leave(batch);
          const retryAfterMs = budget.retryAfterMs(batch.body.byteLength, batch.tenant) || unknownWaitMs;
          throw new ExportError("overloaded", "no memory is left for the queue; send again later", { retryAfterMs });
        }
        options.onOwed?.(batch.items, batch);
        const later = deliverLater(batch).finally(() => early.delete(later));
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

/** Waits to be called; `join` says where, and returns what leaves that place. */
function turn(join: (call: () => void) => () => void, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new ExportError("cancelled", "the sender gave up before its data were sent"));
      return;
    }
    const stop = (): void => {
      leave();
      reject(new ExportError("cancelled", "the sender gave up while its data waited for a destination"));
    };
    const leave = join(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}
