import { type Batch, ExportError, type SendOptions } from "@otlpkit/core";
import { givenUp, watch } from "./call.ts";
import { drainRate } from "./drain-rate.ts";
import type { Settings } from "./options.ts";

/** Where batches come in: as many as there is room for, and what a policy makes of the rest. */
export interface Admission {
  /**
   * Takes the bytes of a batch out of the budget; `undefined` when that is done at once, else a promise of it.
   *
   * @throws ExportError, at once or later, when the batch may not come in.
   */
  enter(batch: Batch, options: SendOptions): Promise<void> | undefined;
  /** Gives back the bytes of a batch that came in. */
  leave(bytes: number): void;
  /** Sends away who waits: it is closed. */
  close(): void;
}

/** From this part of the budget on "sample" drops. */
const sampleFrom = 0.5;

interface Waiting {
  readonly bytes: number;
  admit(): void;
  sendAway(): void;
}

/** `dropOldest` drops what has waited longest and is not under way, and says whether there was any. */
export function admission(settings: Settings, dropOldest: (error: ExportError) => boolean): Admission {
  const { budget, whenFull, random, now } = settings;
  const drain = drainRate(now);
  const waiting = new Set<Waiting>();

  function enter(batch: Batch, options: SendOptions): Promise<void> | undefined {
    const bytes = batch.body.byteLength;
    if (bytes > budget.maxBytes) throw tooLarge(batch);
    if (whenFull === "sample" && sampledOut()) throw dropped(batch);
    // Nobody overtakes those who wait.
    if (waiting.size === 0 && reserve(bytes)) return undefined;
    if (whenFull === "block") return turn(batch, options);
    if (whenFull === "refuse") throw refused(batch);
    while (whenFull === "drop-oldest" && dropOldest(displaced(batch))) if (reserve(bytes)) return undefined;
    throw dropped(batch);
  }

  function reserve(bytes: number): boolean {
    if (!budget.reserve(bytes)) return false;
    drain.taken(bytes);
    return true;
  }

  /** The fuller, the likelier: none at half, all at full. */
  function sampledOut(): boolean {
    const filled = budget.usedBytes / budget.maxBytes;
    return filled > sampleFrom && random() < (filled - sampleFrom) / (1 - sampleFrom);
  }

  /** Waits for room. Others may share the budget and give back without our knowing, so look again now and then. */
  function turn(batch: Batch, { deadline = Infinity, signal }: SendOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const bytes = batch.body.byteLength;
      const unwatch = watch(batch, { deadlineMs: deadline, abort: signal }, settings, (error) => leaveQueue(error));
      let cancelTimer = settings.setTimer(look, lookEveryMs);
      const entry: Waiting = {
        bytes,
        admit() {
          end();
          resolve();
        },
        sendAway: () => leaveQueue(closed(batch)),
      };
      function look(): void {
        cancelTimer = settings.setTimer(look, lookEveryMs);
        admitWaiting();
      }
      function end(): void {
        waiting.delete(entry);
        unwatch();
        cancelTimer();
      }
      function leaveQueue(error: ExportError): void {
        end();
        reject(error);
        // One that was too large for the room there is may have stood in the way of smaller ones.
        admitWaiting();
      }
      waiting.add(entry);
      if (signal?.aborted === true) leaveQueue(givenUp(batch.signal));
    });
  }

  function admitWaiting(): void {
    for (const entry of waiting) {
      if (!reserve(entry.bytes)) return;
      entry.admit();
    }
  }

  function refused(batch: Batch): ExportError {
    const retryAfterMs = drain.msFor(batch.body.byteLength);
    return new ExportError("overloaded", `${noRoom(batch)}; send later or raise the limit`, { retryAfterMs });
  }

  function dropped(batch: Batch): ExportError {
    return new ExportError("overloaded", `${noRoom(batch)}; they are dropped`, { retryable: false });
  }

  function noRoom(batch: Batch): string {
    return `cannot hold ${described(batch)}: ${budget.usedBytes} of ${budget.maxBytes} bytes are waiting for answers`;
  }

  function tooLarge(batch: Batch): ExportError {
    return new ExportError("too-large", `cannot hold ${described(batch)}: the limit is ${budget.maxBytes}`);
  }

  return {
    enter,
    leave(bytes) {
      budget.release(bytes);
      drain.answered(bytes);
      admitWaiting();
    },
    close() {
      for (const entry of waiting) entry.sendAway();
    },
  };
}

/** The batcher takes nothing any more. */
export function closed({ signal }: Batch): ExportError {
  return new ExportError("closed", `cannot send ${signal}: the batcher is closed`);
}

const lookEveryMs = 100;

function described({ signal, body }: Batch): string {
  return `${body.byteLength} bytes of ${signal}`;
}

function displaced(batch: Batch): ExportError {
  return new ExportError("overloaded", `dropped to make room for ${described(batch)}, as the oldest that waited`, {
    retryable: false,
  });
}
