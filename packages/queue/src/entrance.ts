import { type Ack, accepted, type Batch, ExportError, type SendOptions } from "@otlpkit/core";
import type { Appender } from "./appender.ts";
import type { Settings } from "./options.ts";
import type { Refusal } from "./queue.ts";
import { checkBatch, recordBytesOf } from "./record.ts";
import type { Room } from "./room.ts";
import { segmentHeaderBytes } from "./segment-header.ts";

/** Takes batches in: those for which there is room, and while the queue is open. */
export interface Entrance {
  readonly send: (batch: Batch, options: SendOptions) => Promise<Ack>;
  /** Without a word to anybody when it fails. */
  store(batch: Batch, options: SendOptions, refusal?: Refusal): Promise<void>;
  /** Resolves when what is on its way in is there, or was refused. */
  idle(): Promise<void>;
  /** Lets nobody in any more. */
  close(): void;
}

export interface EntranceOptions extends Pick<Settings, "maxBytes" | "whenFull" | "now" | "setTimer" | "onEvent"> {
  readonly room: Room;
  readonly writer: Appender;
}

export function entrance({ room, writer, maxBytes, whenFull, now, setTimer, onEvent }: EntranceOptions): Entrance {
  const storing = new Set<Promise<void>>();
  let closed = false;

  async function send(batch: Batch, options: SendOptions): Promise<Ack> {
    const { signal, tenant, items } = batch;
    try {
      if (options.signal?.aborted === true) throw cancelled(batch);
      if (options.deadline !== undefined && options.deadline <= now()) throw outOfTime(batch);
      await inTime(tracked(store(batch, options)), batch, options);
      return accepted;
    } catch (thrown) {
      const error = ExportError.from(thrown, `cannot queue ${signal}`);
      onEvent({ kind: "refused", signal, tenant, items, error });
      throw error;
    }
  }

  async function store(batch: Batch, options: SendOptions, refusal?: Refusal): Promise<void> {
    checkBatch(batch);
    const bytes = recordBytesOf(batch);
    if (bytes > maxBytes - 2 * segmentHeaderBytes) {
      throw new ExportError("too-large", `cannot queue ${batch.signal}: ${bytes} bytes, and the queue has ${maxBytes}`);
    }
    checkOpen(batch);
    while (!(await stored(bytes, batch, options, refusal))) checkOpen(batch);
  }

  /** Whether it is safe now; if not, whoever blocks waits until the disk works again, as it waits for room. */
  async function stored(bytes: number, batch: Batch, options: SendOptions, refusal?: Refusal): Promise<boolean> {
    await room.take(bytes, options);
    try {
      checkOpen(batch);
      await writer.append(batch, refusal);
      return true;
    } catch (error) {
      const waits = whenFull === "block" && options.signal?.aborted !== true;
      if (waits && ExportError.is(error) && error.retryable) return false;
      throw error;
    } finally {
      room.release(bytes);
    }
  }

  function tracked(work: Promise<void>): Promise<void> {
    storing.add(work);
    const done = (): void => void storing.delete(work);
    work.then(done, done);
    return work;
  }

  function checkOpen({ signal }: Batch): void {
    if (closed) throw new ExportError("closed", `cannot queue ${signal}: the queue is closed`);
  }

  /** The answer, unless the caller stops waiting for it first; it may be kept all the same. */
  function inTime(stored: Promise<void>, batch: Batch, { deadline, signal }: SendOptions): Promise<void> {
    if (deadline === undefined && signal === undefined) return stored;
    return new Promise((resolve, reject) => {
      const cancel = deadline === undefined ? undefined : setTimer(() => reject(outOfTime(batch)), deadline - now());
      const onAbort = (): void => reject(cancelled(batch));
      signal?.addEventListener("abort", onAbort, { once: true });
      void stored.then(resolve, reject).finally(() => {
        cancel?.();
        signal?.removeEventListener("abort", onAbort);
      });
    });
  }

  return {
    send,
    store,
    async idle() {
      await Promise.allSettled(storing);
    },
    close() {
      closed = true;
      room.close();
    },
  };
}

function outOfTime({ signal }: Batch): ExportError {
  return new ExportError("timeout", `cannot queue ${signal}: the deadline passed before it was safe`);
}

function cancelled({ signal }: Batch): ExportError {
  return new ExportError("cancelled", `cannot queue ${signal}: the caller gave up`);
}
